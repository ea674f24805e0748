// The story of one alert, from its first event to what people wrote down after it.
import {html, useEffect, useState} from './vendor/htm-preact.js';
import {get, mayChange, note, query, range} from './api.js';
import {useLive} from './stream.js';
import {t} from './text.js';
import {lasting, Since, Time, useNow} from './time.js';
import {Copy, Empty, kin, NameField, Runbook, Shape, severityWord, Trouble, useAction} from './parts.js';
import {Graph} from './graph.js';
import {Actions} from './now.js';

const KINDS = {firing: 'critical', resolved: 'ok', acknowledged: 'info', pending: 'info', silenced: 'off', inhibited: 'off', muted: 'off', flapping: 'warning'};
const WRITTEN = ['cause', 'action', 'note'];

export function Incident({name: id}) {
  const path = `api/vigie/alerts/${encodeURIComponent(id)}`;
  const {data: alert, fault, reload} = useLive('alerts', path);
  if (!alert) return fault ? html`<${Trouble} fault=${fault} retry=${reload} />` : html`<${Empty}>${t.loading}<//>`;
  const report = `${path}/report`;
  return html`
    <p class="crumbs"><a href="#/">${t.now}</a></p>
    <p class="meta"><${Shape} of=${alert.state === 'resolved' ? 'ok' : alert.severity} /> <strong>${severityWord(alert.severity)}</strong>
      <span class="tag">${t.status[alert.status] ?? alert.status}</span> <${Lasted} alert=${alert} /></p>
    <h1>${alert.summary || alert.alert}</h1>
    <p class="dim">${alert.alert}${alert.node && html` · <a href=${'#/nodes/' + encodeURIComponent(alert.node)}>${alert.node}</a>`}${alert.target && ' · ' + alert.target}<${Runbook} alert=${alert} /></p>
    ${alert.acknowledged && html`<p class="notice calmly">${t.ackBy(alert.acknowledged.by, alert.acknowledged.note)}</p>`}
    <${Actions} alerts=${[alert]} />
    ${alert.annotations.description && html`<section><h2>${t.description}</h2><p class="prose">${alert.annotations.description}</p></section>`}
    <div class="columns wide">
      <section><h2>${t.timeline}</h2><${Timeline} alert=${alert} /><${Course} alert=${alert} /></section>
      <section><${Written} id=${alert.id} saved=${reload} />
        <p class="bar"><a class="button" href=${report} download=${`incident-${alert.id}.md`}>${t.report}</a>
          <${Copy} label=${t.copyReport} text=${async () => (await fetch(report)).text()} /></p>
        <h2>${t.labels}</h2>
        <dl class="labels">${Object.entries(alert.labels).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
          ${alert.receivers.length > 0 && html`<div><dt>${t.tells}</dt><dd>${alert.receivers.join(', ')}</dd></div>`}</dl>
      </section>
    </div>`;
}

function Lasted({alert}) {
  const began = alert.firedAt || alert.activeAt;
  return alert.resolvedAt
    ? html`<span class="dim">${t.took2(lasting(Date.parse(alert.resolvedAt) - Date.parse(began), true))}</span>`
    : html`<span class="dim"><${Since} at=${began} long words=${t.forTime} /></span>`;
}

const BESIDE = 1800; // seconds drawn before it began, and after it was over
const POINTS = 240;
const LIMIT = /^(.+?)\s*(==|!=|>=|<=|>|<)\s*(-?\d[\d.]*(?:e[+-]?\d+)?)\s*$/is;

/** What the rule compares, around the incident, with the limit beside it: "disk > 0.9" is drawn whole, not only above 0.9. */
function Course({alert}) {
  const [drawn, set] = useState(null);
  const now = useNow(30_000);
  const over = alert.resolvedAt && Date.parse(alert.resolvedAt);
  const to = Math.floor(Math.min(now, over ? over + BESIDE * 1000 : now) / 1000);
  const from = Math.floor(Date.parse(alert.activeAt || alert.firedAt) / 1000) - BESIDE;
  useEffect(() => {
    const stop = new AbortController();
    courseOf(alert, from, to, stop.signal).then(set, () => {}); // one that came by the API has no rule
    return () => stop.abort();
  }, [alert.id, from, to]);
  return drawn && html`<section><div class="head under"><h2>${t.course}</h2><a href=${'#/explore' + query({expr: drawn.expr})}>${t.explore}</a></div>
    <${Graph} title=${drawn.expr} data=${drawn} /></section>`;
}

async function courseOf(alert, from, to, signal) {
  const {data} = await get('api/v1/rules', {type: 'alert', 'rule_name[]': alert.alert}, signal);
  for (const rule of data.groups.flatMap(g => g.rules)) {
    const [, left, sign, limit] = LIMIT.exec(rule.query) ?? [];
    const expr = left ?? rule.query;
    const {times, series} = await range(expr, from, to, Math.max(15, Math.ceil((to - from) / POINTS)), signal);
    const own = series.find(s => Object.entries(s.metric).every(([name, value]) => name === '__name__' || alert.labels[name] === value));
    if (!own) continue;
    const lines = [{name: t.value, values: own.values}];
    if (limit) lines.push({name: `${sign} ${limit}`, values: times.map(() => Number(limit))});
    return {expr, times, lines};
  }
  return null;
}

/** History, the events it carries and what else happened around its begin, the oldest first. */
function Timeline({alert}) {
  const carried = new Set(alert.events.map(e => e.time + e.text));
  const steps = [
    ...alert.history.map(h => ({at: h.at, kind: h.kind, title: t.kinds[h.kind] ?? h.kind, who: h.who, text: h.text === alert.summary ? '' : h.text})),
    ...alert.events.map(e => ({at: e.time, event: e, title: e.type})),
    ...alert.around.filter(e => !carried.has(e.time + e.text)).map(e => ({at: e.time, event: e, title: e.type, beside: true})),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const nearest = steps.map((s, i) => ({...s, day: i === 0 || new Date(s.at).toDateString() !== new Date(steps[i - 1].at).toDateString()}));
  return html`<ol class="timeline">${nearest.map(step => html`<li class=${step.beside ? 'beside' : step.event ? 'told' : step.kind}>
    <${Shape} of=${step.event ? (kin(step.event.severity) === 'info' ? 'off' : kin(step.event.severity)) : KINDS[step.kind] ?? 'info'} />
    <div><p><strong>${step.title}</strong>${step.who && html` <span>${step.who}</span>`} <span class="dim"><${Time} at=${step.at} node=${alert.node} seconds /></span></p>
      ${(step.text || step.event) && html`<p class=${WRITTEN.includes(step.kind) ? 'said' : 'dim'}>${step.text || step.event.text}</p>`}
      ${step.event?.fields?.log && html`<pre class="log">${step.event.fields.log}</pre>`}</div>
  </li>`)}</ol>`;
}

/** Cause and corrective action, for whoever meets this again. What is written is not changed: a second one follows it. */
function Written({id, saved}) {
  const [kind, setKind] = useState('cause');
  const [text, setText] = useState('');
  const {run, busy, fault} = useAction();
  const [done, setDone] = useState(false);
  if (!mayChange()) return null;
  const submit = async e => {
    e.preventDefault();
    setDone(false);
    if (await run(() => note(id, kind, text))) {
      setText('');
      setDone(true);
      saved();
    }
  };
  return html`<form onSubmit=${submit} class="written"><h2>${t.writeDown}</h2>
    <div class="segments" role="group" aria-label=${t.noteField}>${[['cause', t.cause], ['action', t.action], ['note', t.noteField]].map(([key, word]) => html`
      <button type="button" class="small" aria-pressed=${String(kind === key)} onClick=${() => setKind(key)}>${word}</button>`)}</div>
    <${NameField} />
    <label class="field"><span class="unseen">${t.kinds[kind]}</span><textarea required maxlength="2000" value=${text} onInput=${e => setText(e.target.value)} /></label>
    <div class="bar"><button class="primary" disabled=${busy}>${t.save}</button><span role="status" class="dim">${done && t.saved}</span></div>
    <${Trouble} fault=${fault} /></form>`;
}
