// What burns, most urgent first. Acknowledging and silencing take two taps each. Where nothing burns: calm.
import {html, useState} from './vendor/htm-preact.js';
import {acknowledge, mayChange, me, silence, withdraw} from './api.js';
import {useLive} from './stream.js';
import {t} from './text.js';
import {lasting, Since, Time, useNow} from './time.js';
import {Empty, NameField, Shape, severityRank, severityWord, Trouble, useAction} from './parts.js';

const LATELY = 5;
const HOUR = 3600;
const SPANS = [HOUR, 4 * HOUR, 24 * HOUR];
const UNTIL_BACK_AT_MOST = 7 * 24 * HOUR;

export const needsSomebody = alert => alert.status === 'firing' || alert.status === 'flapping';
const HELD = ['silenced', 'inhibited', 'muted'];

const urgency = (a, b) => severityRank(a.severity) - severityRank(b.severity) || Date.parse(b.since) - Date.parse(a.since);
const newest = (a, b) => Date.parse(b.since) - Date.parse(a.since);

export function Now() {
  const alerts = useLive('alerts', 'api/vigie/alerts');
  const nodes = useLive('nodes', 'api/vigie/nodes');
  const outbox = useLive('outbox', 'api/vigie/outbox');
  if (!alerts.data || !nodes.data) {
    return alerts.fault || nodes.fault ? html`<${Trouble} fault=${alerts.fault || nodes.fault} retry=${() => (alerts.reload(), nodes.reload())} />` : html`<${Empty}>${t.loading}<//>`;
  }
  const all = alerts.data.alerts;
  const of = (test, order = urgency) => all.filter(test).sort(order);
  const burning = of(needsSomebody);
  const trouble = outbox.data?.trouble;
  return html`
    <h1 class=${burning.length ? '' : 'unseen'}>${burning.length ? t.burning(burning.length) : t.now}</h1>
    ${trouble && html`<p class="notice"><${Shape} of="warning" /> ${t.pendingCards(trouble.cards, trouble.receiver, trouble.cause)}</p>`}
    ${burning.length ? html`<${Alerts} alerts=${burning} open />` : html`<${Calm} nodes=${nodes.data.nodes} alerts=${all} />`}
    <${Section} title=${t.handled} alerts=${of(a => a.status === 'acknowledged')} />
    <${Section} title=${t.soon} alerts=${of(a => a.status === 'pending')} folded />
    <${Section} title=${t.held} alerts=${of(a => HELD.includes(a.status))} folded />
    <${Section} title=${t.lately} alerts=${of(a => a.state === 'resolved', newest).slice(0, LATELY)} brief />`;
}

function Section({title, alerts, folded, brief}) {
  if (!alerts.length) return null;
  const list = brief
    ? html`<ul class="brief">${alerts.map(a => html`<li key=${a.id}><a href=${'#/incident/' + a.id}>${a.summary || a.alert}</a> <span class="dim">${t.status.resolved} <${Time} at=${a.since} node=${a.node} /></span></li>`)}</ul>`
    : html`<${Alerts} alerts=${alerts} />`;
  return folded
    ? html`<details class="fold"><summary><h2>${title} <span class="count">${alerts.length}</span></h2></summary>${list}</details>`
    : html`<section><h2>${title}</h2>${list}</section>`;
}

/** Nothing burns: says so in large, and for how long it has been so. */
function Calm({nodes, alerts}) {
  const now = useNow(60_000);
  const off = nodes.filter(n => n.state === 'off');
  const well = nodes.filter(n => n.state === 'up');
  // The newest change of anything is when the calm began.
  const since = Math.max(...nodes.map(n => Date.parse(n.since)), ...alerts.filter(a => a.firedAt).map(a => Date.parse(a.since)));
  if (!nodes.length) return html`<div class="calm"><p class="large">${t.noNodes}</p><p class="dim">${t.noNodesHow}</p></div>`;
  return html`<div class="calm">
    <${Shape} of="ok" />
    <p class="large">${well.length + off.length === nodes.length && well.length ? t.allWell(well.length) : t.nobodyNeeded}</p>
    <p class="dim">${t.forTime(lasting(now - since, true))}${off.length > 0 && ', ' + t.away(off.length)}</p>
  </div>`;
}

const Alerts = ({alerts}) => html`<ul class="alerts">${alerts.map(alert => html`<${Alert} key=${alert.id} alert=${alert} />`)}</ul>`;

function Alert({alert}) {
  const state = alert.status;
  const place = [alert.node, alert.target].filter(Boolean);
  return html`<li class="card ${state}" data-alert=${alert.alert}>
    <p class="meta"><${Shape} of=${HELD.includes(state) ? 'off' : alert.severity} />
      <strong>${severityWord(alert.severity)}</strong>
      ${state !== 'firing' && html`<span class="tag">${t.status[state] ?? state}</span>`}
      <span class="push"><${Since} at=${alert.firedAt || alert.activeAt} /></span></p>
    <h3><a href=${'#/incident/' + alert.id}>${alert.summary || alert.alert}</a></h3>
    <p class="dim">${alert.alert}${alert.node && html` · <a href=${'#/nodes/' + encodeURIComponent(alert.node)}>${alert.node}</a>`}${place.length > 1 && ' · ' + alert.target}</p>
    ${alert.acknowledged && html`<p class="said">${t.ackBy(alert.acknowledged.by, alert.acknowledged.note)}</p>`}
    ${['waiting', 'retrying', 'stuck'].includes(alert.card) && html`<p class="dim">${t.cardWaits}</p>`}
    <${Actions} alert=${alert} />
  </li>`;
}

/** The buttons below an alert and what they open. Also on the incident's page. */
export function Actions({alert}) {
  const [open, setOpen] = useState('');
  const {run, busy, fault} = useAction();
  if (!mayChange() || alert.state !== 'firing') return null;
  const done = action => run(action).then(ok => ok && setOpen(''));
  const toggle = what => () => setOpen(open === what ? '' : what);
  const acked = alert.acknowledged;
  return html`
    <div class="actions">
      ${acked
        ? html`<button disabled=${busy} onClick=${() => done(() => withdraw(alert.id))}>${t.withdraw}</button>`
        : html`<button class="primary" aria-expanded=${open === 'ack'} onClick=${toggle('ack')}>${t.acknowledge}</button>`}
      ${!alert.silencedBy.length && html`<button aria-expanded=${open === 'silence'} onClick=${toggle('silence')}>${t.silence}</button>`}
    </div>
    ${open === 'ack' && !acked && html`<${AckForm} alert=${alert} busy=${busy} done=${done} />`}
    ${open === 'silence' && html`<${SilenceForm} alert=${alert} busy=${busy} done=${done} />`}
    <${Trouble} fault=${fault} />`;
}

function AckForm({alert, busy, done}) {
  const [note, setNote] = useState('');
  const submit = e => {
    e.preventDefault();
    done(() => acknowledge(alert.id, note));
  };
  return html`<form class="drawer" onSubmit=${submit}>
    <${NameField} />
    <label class="field"><span>${t.note}</span><input maxlength="2000" value=${note} onInput=${e => setNote(e.target.value)} /></label>
    <button class="primary" disabled=${busy}>${t.acknowledge}${me.user && ` (${me.user})`}</button>
  </form>`;
}

/** One tap on a span silences: this very alert (all its labels), or all that names its node. */
function SilenceForm({alert, busy, done}) {
  const matcher = (name, value) => ({name, value, isRegex: false, isEqual: true});
  const exact = Object.entries(alert.labels).map(([name, value]) => matcher(name, value));
  const node = alert.labels.node;
  const put = (e, matchers, seconds, back) => {
    if (e.target.form.reportValidity()) done(() => silence(matchers, seconds, t.fromPage, back));
  };
  const spans = (matchers, what, back) => html`<div class="spans" role="group" aria-label=${what}>
    <span>${what}</span>
    ${SPANS.map(span => html`<button type="button" class="small" disabled=${busy} aria-label=${t.silenceFor(what, lasting(span * 1000, true))}
      onClick=${e => put(e, matchers, span)}>${lasting(span * 1000)}</button>`)}
    ${back && html`<button type="button" class="small" disabled=${busy} onClick=${e => put(e, matchers, UNTIL_BACK_AT_MOST, node)}>${t.untilBack}</button>`}
  </div>`;
  return html`<form class="drawer" onSubmit=${e => e.preventDefault()}>
    <${NameField} />
    ${spans(exact, t.thisAlert)}
    ${node && spans([matcher('node', node)], t.allOf(node), true)}
  </form>`;
}
