// What the nodes tell: search with the filters of "collector events search", and the live tail. The filters stand in
// the address, so that what one sees can be sent to somebody.
import {html, useEffect, useRef, useState} from './vendor/htm-preact.js';
import {get, query} from './api.js';
import {t} from './text.js';
import {Time} from './time.js';
import {Choice, Copy, Empty, kin, Shape, Trouble, useParts} from './parts.js';

const PAGE = 200;
const MOST_LIVE = 5_000; // then the oldest go
const FIELDS = ['q', 'severity', 'since', 'node', 'type', 'unit', 'filter'];
const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** The parameters of a search from the form's; several matchers are written with commas between them. */
export const asked = f => ({...f, filter: matchersIn(f.filter ?? '')});

/** Cuts at the commas that stand outside of quotes and braces. */
export function matchersIn(text) {
  const found = text.replace(/^\s*\{|\}\s*$/g, '').match(/(?:[^,"]|"(?:\\.|[^"\\])*")+/g) ?? [];
  return found.map(each => each.trim()).filter(Boolean);
}

export function Events({parameters}) {
  const wanted = Object.fromEntries(FIELDS.map(name => [name, parameters.get(name) ?? '']));
  const live = parameters.get('live') !== '0';
  const [wrap, setWrap] = useState(true);
  const found = useEvents(wanted, live);
  const go = (changes, isLive = live) => {
    const next = Object.fromEntries(Object.entries({...wanted, ...changes}).filter(([, value]) => value));
    if (!isLive) next.live = '0';
    location.hash = '#/events' + query(next);
  };
  return html`
    <div class="head"><h1>${t.events}</h1>
      <button class="toggle" aria-pressed=${String(live)} onClick=${() => go({}, !live)}><span class="dot" />${t.live}</button></div>
    <${Filters} wanted=${wanted} go=${go} key=${JSON.stringify(wanted)} />
    <div class="bar slim"><span class="dim push-left">${found.busy && !found.count ? t.loading : t.shown(found.count)}</span>
      <button class="small" aria-pressed=${String(wrap)} onClick=${() => setWrap(!wrap)}>${t.wrap}</button>
      <${Copy} text=${() => found.chunks.flat().map(line).join('\n')} />
      <${Copy} text=${() => location.href} label=${t.copyLink} /></div>
    <${Trouble} fault=${found.fault} retry=${found.again} />
    ${found.warnings.map(w => html`<p class="notice"><${Shape} of="warning" /> ${w}</p>`)}
    ${found.skipped && html`<p class="notice"><${Shape} of="info" /> ${t.skipped}</p>`}
    <div class=${wrap ? 'events wrap' : 'events'}>
      ${found.chunks.map(chunk => html`<${Chunk} key=${chunk.key} events=${chunk} version=${chunk.length} />`)}
    </div>
    ${found.count === 0 && !found.busy && !found.fault && html`<${Empty}>${t.noEvents}<//>`}
    ${found.next && html`<p class="center"><button disabled=${found.busy} onClick=${found.more} id="more">${t.more}</button></p>`}`;
}

function Filters({wanted, go}) {
  const [form, set] = useState(wanted);
  const put = name => value => {
    const next = {...form, [name]: value};
    set(next);
    return next;
  };
  const text = (name, label, more = {}) => html`<label class="field"><span>${label}</span><input value=${form[name]} autocapitalize="none" spellcheck="false" onInput=${e => put(name)(e.target.value)} ...${more} /></label>`;
  const severities = {'': t.anySeverity, ...Object.fromEntries(SEVERITIES.map(s => [s, t.severities[s]]))};
  const open = Boolean(wanted.node || wanted.type || wanted.unit || wanted.filter);
  return html`<form role="search" onSubmit=${e => (e.preventDefault(), go(form))}>
    <div class="bar">
      <label class="field inline grow beside"><span class="unseen">${t.says}</span><input data-find type="search" placeholder=${t.says} value=${form.q} onInput=${e => put('q')(e.target.value)} /></label>
      <button class="primary">${t.search}</button>
      <${Choice} label=${t.atLeast} hidden value=${form.severity} options=${severities} onChange=${v => go(put('severity')(v))} />
      <${Choice} label=${t.from} hidden value=${form.since} options=${{'': t.everTime, ...t.sinces}} onChange=${v => go(put('since')(v))} />
    </div>
    <details open=${open} class="more"><summary>${t.filters}</summary>
      <div class="fields">${text('node', t.nodes)} ${text('type', t.type, {placeholder: 'probe.down'})} ${text('unit', t.unit, {placeholder: 'ssh.service'})} ${text('filter', t.matchers, {placeholder: t.matchersHint})}</div>
      <button class="unseen" tabindex="-1">${t.search}</button>
    </details>
  </form>`;
}

/**
 * What a search finds, the newest first, in chunks that are drawn once; with live, also what comes. A chunk is an array
 * of events with a key.
 */
function useEvents(wanted, live) {
  const empty = {chunks: [], next: '', warnings: [], fault: null, busy: true, skipped: false};
  const [state, set] = useState(empty);
  const turn = useRef(0);
  const [tries, setTries] = useState(0);
  const key = JSON.stringify(wanted);

  const page = async (before, limit = PAGE) => get('api/vigie/events', {...asked(wanted), limit, before});
  useEffect(() => {
    const mine = ++turn.current;
    set(empty);
    let stop = () => {};
    page('').then(
      found => {
        if (mine !== turn.current) return;
        set({chunks: found.events.length ? [chunk(found.events)] : [], next: found.next, warnings: found.warnings, fault: null, busy: false, skipped: false});
        if (live) stop = follow(asked(wanted), found.newest, add, () => set(s => ({...s, skipped: true})));
      },
      fault => mine === turn.current && set({...empty, busy: false, fault}),
    );
    return () => (turn.current++, stop());
  }, [key, live, tries]);

  const add = events => set(s => ({...s, chunks: shortened(joined(events, s.chunks))}));
  const more = async () => {
    const mine = turn.current;
    set(s => ({...s, busy: true}));
    try {
      const found = await page(state.next);
      if (mine === turn.current) set(s => ({...s, chunks: [...s.chunks, chunk(found.events)], next: found.next, busy: false}));
    } catch (fault) {
      if (mine === turn.current) set(s => ({...s, fault, busy: false}));
    }
  };
  return {...state, more, again: () => setTries(n => n + 1), count: state.chunks.reduce((n, c) => n + c.length, 0)};
}

let keys = 0;
const chunk = (events, key = 'c' + ++keys) => Object.assign(events, {key});

/** New ones go into the newest chunk while it is small: what was drawn stays as it is. */
function joined(events, chunks) {
  const [first, ...rest] = chunks;
  return first && first.length + events.length <= PAGE ? [chunk([...events, ...first], first.key), ...rest] : [chunk(events), ...chunks];
}

function shortened(chunks) {
  let count = 0;
  const end = chunks.findIndex(c => (count += c.length) > MOST_LIVE);
  return end < 0 || chunks.length < 2 ? chunks : chunks.slice(0, Math.max(1, end));
}

/** The tail: what comes is shown a few times a second, however fast it comes. */
function follow(parameters, after, add, skipped) {
  const {since, ...rest} = parameters;
  let last = after;
  let source = null;
  let waiting = [];
  const open = () => {
    source = new EventSource('api/vigie/events/stream' + query({...rest, after: last}));
    source.onmessage = message => {
      last = message.lastEventId || last;
      waiting.push(JSON.parse(message.data));
    };
    source.addEventListener('skipped', skipped);
  };
  const close = () => {
    source?.close();
    source = null;
  };
  // A browser has six connections to a host: a tab that nobody sees leaves them to the others.
  const look = () => (document.hidden ? close() : source || open());
  document.addEventListener('visibilitychange', look);
  look();
  const timer = setInterval(() => {
    if (!waiting.length) return;
    const events = waiting.slice(-PAGE).reverse();
    if (waiting.length > PAGE) skipped();
    waiting = [];
    add(events);
  }, 300);
  return () => (clearInterval(timer), document.removeEventListener('visibilitychange', look), close());
}

const line = e => `${e.time} ${e.node} ${e.type === 'syslog' ? e.app : e.type} ${e.severity}: ${e.text}`;

function Chunk({events, version}) {
  return useParts([events, version], () => html`<ol>${events.map(e => html`<${Row} key=${e.id} event=${e} />`)}</ol>`);
}

/** One line; opened, all that is known of the event. Text is only ever text: nothing of it becomes markup. */
export function Row({event: e}) {
  const [open, setOpen] = useState(false);
  return html`<li class="event ${kin(e.severity)}">
    <button class="line" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>
      <${Time} at=${e.time} seconds />
      <span class="sev">${t.severities[e.severity] ?? e.severity}</span>
      <span class="who">${e.node}</span>
      <span class="what">${e.type === 'syslog' ? e.app : e.type}</span>
      <span class="text">${e.text}</span>
    </button>
    ${open && html`<${Opened} event=${e} />`}
  </li>`;
}

function Opened({event: e}) {
  const rows = {node: e.node, type: e.type, app: e.app, ...e.fields, id: e.id, received: e.received};
  return html`<div class="opened">
    <pre>${e.text}</pre>
    <table><thead class="unseen"><tr><th scope="col">${t.field}</th><th scope="col">${t.value}</th></tr></thead>
      <tbody>${Object.entries(rows).filter(([, v]) => v).map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
    <p><${Copy} text=${line(e)} /> <a href=${'#/nodes/' + encodeURIComponent(e.node)}>${e.node}</a></p>
  </div>`;
}
