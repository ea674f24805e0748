// What is held back, until when, by whom; and a form for a new one, which links of cards lead to (#/silence?filter=…).
import {html, useState} from './vendor/htm-preact.js';
import {expire, mayChange, me, silence} from './api.js';
import {useLive} from './stream.js';
import {t} from './text.js';
import {lasting, Time, useNow} from './time.js';
import {Choice, Empty, NameField, Shape, Trouble, useAction} from './parts.js';
import {matchersIn} from './events.js';

const HOURS = [1, 2, 4, 8, 24, 72, 168];
const OVER_SHOWN = 10;
const MATCHER = /^\s*(?:"((?:\\.|[^"\\])*)"|([^=!~\s"]+))\s*(=~|!~|!=|=)\s*(?:"((?:\\.|[^"\\])*)"|(.*?))\s*$/s;
const PLAIN = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** What stands between quotes; a backslash before anything else is an expression's own, as in p\d. */
const unquoted = text => text.replace(/\\(.)/gs, (all, c) => (c === 'n' ? '\n' : c === '"' || c === '\\' ? c : all));

/** {name, value, isRegex, isEqual} of node=~"p.*" or "host.name"="p1"; null where it is none. */
function matcherOf(text) {
  const found = MATCHER.exec(text);
  if (!found) return null;
  const [, name, bareName, op, value, bareValue] = found;
  return {name: bareName ?? unquoted(name), value: value === undefined ? bareValue : unquoted(value), isRegex: op.endsWith('~'), isEqual: !op.startsWith('!')};
}

const written = m => (PLAIN.test(m.name) ? m.name : JSON.stringify(m.name)) + (m.isEqual ? '=' : '!') + (m.isRegex ? '~' : m.isEqual ? '' : '=') + JSON.stringify(m.value);

export function Silences({parameters}) {
  const list = useLive('alerts', 'api/v2/silences');
  const filter = parameters.get('filter') ?? '';
  if (!list.data) return list.fault ? html`<${Trouble} fault=${list.fault} retry=${list.reload} />` : html`<${Empty}>${t.loading}<//>`;
  const of = state => list.data.filter(s => s.status.state === state);
  const active = of('active');
  return html`
    <h1>${t.silences}</h1>
    ${mayChange() && html`<details class="card new" open=${Boolean(filter)}><summary>${t.newSilence}</summary><${Form} filter=${filter} done=${list.reload} /></details>`}
    ${active.length === 0 && html`<${Empty}>${t.noSilences}<//>`}
    <${List} silences=${active} changed=${list.reload} />
    <${List} title=${t.toCome} silences=${of('pending')} changed=${list.reload} />
    <${List} title=${t.over} silences=${of('expired').slice(0, OVER_SHOWN)} over />`;
}

function List({title, silences, changed, over}) {
  if (!silences.length) return null;
  return html`<section>${title && html`<h2>${title}</h2>`}<ul class="alerts">${silences.map(s => html`<${Silence} key=${s.id} silence=${s} changed=${changed} over=${over} />`)}</ul></section>`;
}

function Silence({silence: s, changed, over}) {
  const now = useNow(30_000);
  const {run, busy, fault} = useAction();
  const coming = s.status.state === 'pending';
  return html`<li class="card ${over ? 'over' : ''}">
    <p class="meta"><${Shape} of="off" /> <span class="matchers">${s.matchers.map(m => html`<code>${written(m)}</code> `)}</span></p>
    <p>${over ? html`${t.endedBy} <${Time} at=${s.endsAt} />${s.ended && html` <span class="dim">(${s.ended})</span>`}` : coming ? html`${t.starts} <${Time} at=${s.startsAt} />` : html`${t.ends} <${Time} at=${s.endsAt} /> <span class="dim">(${lasting(Date.parse(s.endsAt) - now)})</span>`}
      ${!over && s.untilBack && ', ' + t.backOf(s.untilBack)}</p>
    <p class="dim">${[s.createdBy, s.comment].filter(Boolean).join(': ')}</p>
    ${!over && mayChange() && html`<div class="actions"><button disabled=${busy} onClick=${() => run(() => expire(s.id)).then(changed)}>${t.expire}</button></div>`}
    <${Trouble} fault=${fault} />
  </li>`;
}

function Form({filter, done}) {
  const [text, setText] = useState(filter.replace(/^\s*\{|\}\s*$/g, ''));
  const [hours, setHours] = useState('2');
  const [reason, setReason] = useState('');
  const {run, busy, fault} = useAction();
  const submit = e => {
    e.preventDefault();
    run(async () => {
      const matchers = matchersIn(text).map(each => matcherOf(each) ?? Object.assign(new Error(), {wrong: each}));
      const wrong = matchers.find(m => m.wrong);
      if (wrong) throw new Error(`${wrong.wrong}: ${t.matchersHint}`);
      await silence(matchers, hours * 3600, reason);
      setText('');
      setReason('');
      done();
    });
  };
  const spans = Object.fromEntries(HOURS.map(h => [h, lasting(h * 3_600_000, true)]));
  return html`<form class="stack" onSubmit=${submit}>
    <label class="field"><span>${t.matchers}</span><input required value=${text} placeholder='node="p1", alertname=~"Disk.*"' autocapitalize="none" spellcheck="false" onInput=${e => setText(e.target.value)} /></label>
    <label class="field"><span>${t.reason}</span><input required maxlength="2000" value=${reason} onInput=${e => setReason(e.target.value)} /></label>
    <${NameField} />
    <div class="bar"><${Choice} label=${t.duration} value=${hours} options=${spans} onChange=${setHours} />
      <button class="primary" disabled=${busy}>${t.silence}${me.user && ` (${me.user})`}</button></div>
    <${Trouble} fault=${fault} />
  </form>`;
}
