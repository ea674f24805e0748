// What burns, most urgent first. Acknowledging and silencing take two taps each. Where nothing burns: calm.
import {html, useState} from './vendor/htm-preact.js';
import {acknowledge, mayChange, me, query, silence, withdraw} from './api.js';
import {useLive} from './stream.js';
import {t} from './text.js';
import {lasting, Since, Time, useNow} from './time.js';
import {Empty, matcherText, NameField, Runbook, Shape, severityRank, severityWord, stateKin, Trouble, useAction} from './parts.js';

const LATELY = 5;
const TOGETHER = 3; // so many alerts of one name are one card
const NAMED = 8;
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
    ${burning.length ? html`<${Burning} alerts=${burning} /><${Fleet} nodes=${nodes.data.nodes} />` : html`<${Calm} nodes=${nodes.data.nodes} alerts=${all} />`}
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

/** How far it goes: so many nodes are up, so many are not. */
function Fleet({nodes}) {
  const count = {};
  for (const {state} of nodes) count[state] = (count[state] ?? 0) + 1;
  return nodes.length > 0 && html`<p class="fleet"><a href="#/nodes">${t.nodes}</a>${Object.entries(count).map(([state, n]) => html`
    <span><${Shape} of=${stateKin({state})} /> ${n} ${t.nodesOf(state, n)}</span>`)}</p>`;
}

/** The most urgent first; what fires on many nodes at once is one card, so that the rest stays in sight. */
function Burning({alerts}) {
  const byName = new Map();
  for (const alert of alerts) {
    const key = alert.severity + ' ' + alert.alert;
    byName.set(key, [...(byName.get(key) ?? []), alert]);
  }
  return html`<ul class="alerts">${[...byName].map(([key, some]) => some.length < TOGETHER
    ? some.map(alert => html`<${Alert} key=${alert.id} alert=${alert} />`)
    : html`<${Group} key=${key} alerts=${some} />`)}</ul>`;
}

function Group({alerts}) {
  const [{severity, alert: name}] = alerts;
  const first = alerts.map(a => a.firedAt || a.activeAt).sort()[0];
  return html`<li class="card firing" data-alert=${name}>
    <p class="meta"><${Shape} of=${severity} /><strong>${severityWord(severity)}</strong><span class="push"><${Began} at=${first} /></span></p>
    <h3>${t.times(alerts.length, name)}</h3>
    <p class="dim">${alerts.slice(0, NAMED).map((a, i) => html`${i > 0 && ', '}<a href=${'#/incident/' + a.id}>${[a.node, a.target].filter(Boolean).join(' ') || a.summary || name}</a>`)}${alerts.length > NAMED && ' …'}<${Runbook} alert=${alerts[0]} /></p>
    <${Actions} alerts=${alerts} />
    <details class="each"><summary>${t.each}</summary><${Alerts} alerts=${alerts} /></details>
  </li>`;
}

/** When it began, and how long ago that is. */
const Began = ({at}) => html`<span class="dim"><${Time} at=${at} /></span> <${Since} at=${at} />`;

const Alerts = ({alerts}) => html`<ul class="alerts">${alerts.map(alert => html`<${Alert} key=${alert.id} alert=${alert} />`)}</ul>`;

function Alert({alert}) {
  const state = alert.status;
  const place = [alert.node, alert.target].filter(Boolean);
  return html`<li class="card ${state}" data-alert=${alert.alert}>
    <p class="meta"><${Shape} of=${HELD.includes(state) ? 'off' : alert.severity} />
      <strong>${severityWord(alert.severity)}</strong>
      ${state !== 'firing' && html`<span class="tag">${t.status[state] ?? state}</span>`}
      <span class="push"><${Began} at=${alert.firedAt || alert.activeAt} /></span></p>
    <h3><a href=${'#/incident/' + alert.id}>${alert.summary || alert.alert}</a></h3>
    <p class="dim">${alert.alert}${alert.node && html` · <a href=${'#/nodes/' + encodeURIComponent(alert.node)}>${alert.node}</a>`}${place.length > 1 && ' · ' + alert.target}<${Runbook} alert=${alert} /></p>
    ${alert.acknowledged && html`<p class="said">${t.ackBy(alert.acknowledged.by, alert.acknowledged.note)}</p>`}
    ${['waiting', 'retrying', 'stuck'].includes(alert.card) && html`<p class="dim">${t.cardWaits}</p>`}
    <${Actions} alerts=${[alert]} />
  </li>`;
}

/** The buttons below one alert, or several of one name, and what they open. Also on the incident's page. */
export function Actions({alerts}) {
  const [open, setOpen] = useState('');
  const {run, busy, fault} = useAction();
  const firing = alerts.filter(a => a.state === 'firing');
  if (!mayChange() || !firing.length) return null;
  const done = async action => {
    if (!(await run(action))) return;
    setOpen('');
    document.getElementById('main')?.focus({preventScroll: true}); // the button is gone, and the focus would be, too
  };
  const toggle = what => () => setOpen(open === what ? '' : what);
  const escape = e => {
    if (e.key !== 'Escape' || !open) return;
    e.currentTarget.querySelector('[aria-expanded=true]').focus();
    setOpen('');
  };
  const acked = firing.every(a => a.acknowledged);
  return html`<div onKeyDown=${escape}>
    <div class="actions">
      ${acked
        ? html`<button disabled=${busy} onClick=${() => done(() => each(firing, a => withdraw(a.id)))}>${t.withdraw}</button>`
        : html`<button class="primary" aria-expanded=${String(open === 'ack')} onClick=${toggle('ack')}>${t.acknowledge}${firing.length > 1 && ` (${firing.length})`}</button>`}
      ${firing.some(a => !a.silencedBy.length) && html`<button aria-expanded=${String(open === 'silence')} onClick=${toggle('silence')}>${t.silence}</button>`}
    </div>
    ${open === 'ack' && !acked && html`<${AckForm} alerts=${firing} busy=${busy} done=${done} />`}
    ${open === 'silence' && html`<${SilenceForm} alerts=${firing} busy=${busy} done=${done} />`}
    <${Trouble} fault=${fault} />
  </div>`;
}

/** One after the other; one that is over meanwhile keeps nobody from the rest. */
async function each(alerts, action) {
  for (const alert of alerts) {
    try {
      await action(alert);
    } catch (fault) {
      if (alerts.length === 1 || fault.status !== 404) throw fault;
    }
  }
}

function AckForm({alerts, busy, done}) {
  const [note, setNote] = useState('');
  const submit = e => {
    e.preventDefault();
    done(() => each(alerts.filter(a => !a.acknowledged), a => acknowledge(a.id, note)));
  };
  return html`<form class="drawer" onSubmit=${submit}>
    <${NameField} />
    <label class="field"><span>${t.note}</span><input maxlength="2000" value=${note} onInput=${e => setNote(e.target.value)} /></label>
    <button class="primary" disabled=${busy}>${t.acknowledge}${me.user && ` (${me.user})`}</button>
  </form>`;
}

/** One tap on a span silences: this very alert (all its labels; of several, those they share), or all that names its node. */
function SilenceForm({alerts, busy, done}) {
  const matcher = (name, value) => ({name, value, isRegex: false, isEqual: true});
  const shared = Object.entries(alerts[0].labels).filter(([name, value]) => alerts.every(a => a.labels[name] === value));
  const exact = shared.map(([name, value]) => matcher(name, value));
  const {node} = Object.fromEntries(shared);
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
    ${spans(exact, alerts.length > 1 ? t.allOf(alerts[0].alert) : t.thisAlert)}
    ${node && spans([matcher('node', node)], t.allOf(node), true)}
    <a href=${'#/silence' + query({filter: shared.map(([name, value]) => matcherText(name, value)).join(', ')})}>${t.otherwise}</a>
  </form>`;
}
