// A PromQL field: completion from what exists, an error with its caret, the answer as graph and as table.
import {html, useEffect, useMemo, useRef, useState} from './vendor/htm-preact.js';
import {get, instant, query, range} from './api.js';
import {t} from './text.js';
import {Empty, Trouble} from './parts.js';
import {figure, Graph} from './graph.js';

const SPANS = [3600, 21600, 86400, 604800, 2592000];
const POINTS = 300;
const MOST_LINES = 24;
const MOST_ROWS = 500;
const MOST_OFFERED = 30;
const EXAMPLES = ['vigie_probe_up', '100 * sum by (node) (rate(node_cpu_seconds_total{mode!="idle"}[5m])) / sum by (node) (rate(node_cpu_seconds_total[5m]))', 'sum by (node, type) (increase(vigie_events_total[1h])) > 0', 'topk(5, probe_duration_seconds)'];
const FUNCTIONS = ('abs absent absent_over_time avg avg_over_time bottomk ceil changes clamp clamp_max clamp_min count count_over_time count_values delta deriv exp floor group histogram_quantile '
  + 'increase irate label_join label_replace last_over_time ln log10 log2 max max_over_time min min_over_time predict_linear present_over_time quantile quantile_over_time rate resets round scalar sgn '
  + 'sort sort_desc sqrt stddev stddev_over_time sum sum_over_time time timestamp topk vector by without on ignoring group_left group_right offset bool and or unless').split(' ');

export function Explore({parameters}) {
  // g0.… is how Prometheus's own page names them, and so do links on cards.
  const expr = parameters.get('expr') ?? parameters.get('g0.expr') ?? '';
  const given = Number(parameters.get('range')) || seconds(parameters.get('g0.range_input'));
  const span = SPANS.includes(given) ? given : SPANS[0];
  const go = changes => (location.hash = '#/explore' + query({expr, range: span, ...changes}));
  return html`
    <h1>${t.explore}</h1>
    <${Field} expr=${expr} go=${text => go({expr: text})} key=${expr} />
    <div class="segments" role="group" aria-label=${t.range}>${SPANS.map(s => html`<button class="small" aria-pressed=${String(s === span)} onClick=${() => go({range: s})}>${t.ranges[s]}</button>`)}</div>
    ${expr ? html`<${Answer} expr=${expr} span=${span} key=${expr + span} />` : html`<section><h2>${t.try}</h2><ul class="brief">${EXAMPLES.map(e => html`<li><a href=${'#/explore' + query({expr: e})}><code>${e}</code></a></li>`)}</ul></section>`}`;
}

function seconds(text) {
  const [, number, unit] = /^(\d+)([smhdw])$/.exec(text ?? '') ?? [];
  return number * {s: 1, m: 60, h: 3600, d: 86400, w: 604800}[unit];
}

// Completion ----------------------------------------------------------------------------------------------------------

/** What can stand at the cursor: {from, word, kind: 'name' | 'label' | 'value', metric, label}; null inside of a text. */
function placeOf(text, at) {
  const before = text.slice(0, at);
  const word = /[\w:.-]*$/.exec(before)[0];
  const open = before.lastIndexOf('{');
  if (open > before.lastIndexOf('}')) {
    const metric = /[\w:]*$/.exec(before.slice(0, open))[0];
    const inside = before.slice(open + 1);
    const value = /([\w]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(inside);
    if (value) return {from: at - value[2].length, word: value[2], kind: 'value', metric, label: value[1]};
    return (inside.match(/"/g) ?? []).length % 2 ? null : {from: at - word.length, word, kind: 'label', metric};
  }
  if (/\b(by|without|on|ignoring)\s*\([^()]*$/.test(before)) return {from: at - word.length, word, kind: 'label', metric: ''};
  return (before.match(/"/g) ?? []).length % 2 || /[[\d]\w*$/.test(before) ? null : {from: at - word.length, word, kind: 'name'};
}

const cache = new Map();
function known(path, parameters) {
  const key = path + query(parameters);
  if (!cache.has(key)) cache.set(key, get(path, parameters).then(a => a.data, () => (cache.delete(key), [])));
  return cache.get(key);
}

async function offersAt(place) {
  const match = place.metric ? {'match[]': place.metric} : {};
  if (place.kind === 'label') return (await known('api/v1/labels', match)).filter(l => l !== '__name__').map(text => ({text, kind: t.label}));
  if (place.kind === 'value') return (await known(`api/v1/label/${encodeURIComponent(place.label)}/values`, match)).map(text => ({text, kind: place.label}));
  if (!place.word) return [];
  const [names, help] = await Promise.all([known('api/v1/label/__name__/values'), known('api/v1/metadata')]);
  return [...FUNCTIONS.map(text => ({text, kind: t.func})), ...names.map(text => ({text, kind: help[text]?.[0]?.type ?? t.metric, help: help[text]?.[0]?.help}))];
}

/** Those that begin so come first, then those that have it somewhere. */
function fitting(offers, word) {
  const wanted = word.toLowerCase();
  const begins = offers.filter(o => o.text.toLowerCase().startsWith(wanted));
  const has = offers.filter(o => !o.text.toLowerCase().startsWith(wanted) && o.text.toLowerCase().includes(wanted));
  return [...begins, ...has].filter(o => o.text !== word).slice(0, MOST_OFFERED);
}

/** A combobox as the ARIA practices describe it: arrows choose, Enter or Tab takes, Escape closes. */
function Field({expr, go}) {
  const [text, setText] = useState(expr);
  const [offers, setOffers] = useState([]);
  const [chosen, choose] = useState(-1);
  const area = useRef();
  const place = useRef(null);
  const turn = useRef(0);
  const leaving = useRef(0);

  const close = () => (turn.current++, setOffers([]), choose(-1));
  const look = async () => {
    const mine = ++turn.current;
    place.current = placeOf(area.current.value, area.current.selectionStart);
    const all = place.current ? await offersAt(place.current) : [];
    if (mine !== turn.current) return; // somebody has typed on
    setOffers(place.current ? fitting(all, place.current.word) : []);
    choose(-1);
  };
  const take = offer => {
    const {from} = place.current;
    const after = text.slice(area.current.selectionStart);
    const taken = text.slice(0, from) + offer.text;
    setText(taken + after);
    close();
    requestAnimationFrame(() => {
      area.current.focus();
      area.current.setSelectionRange(taken.length, taken.length);
    });
  };
  const pressed = e => {
    if (e.key === 'Escape') close();
    else if (offers.length && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
      e.preventDefault();
      choose((chosen + (e.key === 'ArrowDown' ? 1 : -1) + offers.length) % offers.length);
    } else if (chosen >= 0 && (e.key === 'Enter' || e.key === 'Tab')) {
      e.preventDefault();
      take(offers[chosen]);
    } else if (e.key === 'Enter' && !e.shiftKey) {
      e.preventDefault();
      close();
      go(text.trim());
    }
  };
  useEffect(() => document.getElementById('offer-' + chosen)?.scrollIntoView({block: 'nearest'}), [chosen]);
  return html`<form class="query" role="search" onSubmit=${e => (e.preventDefault(), close(), go(text.trim()))}>
    <div class="grow combo">
      <textarea data-find ref=${area} rows="2" class="mono" aria-label=${t.expression} placeholder=${t.expression} value=${text} spellcheck="false" autocapitalize="none" autocomplete="off"
        role="combobox" aria-expanded=${String(offers.length > 0)} aria-controls="offers" aria-autocomplete="list" aria-activedescendant=${chosen >= 0 ? 'offer-' + chosen : null}
        onInput=${e => (setText(e.target.value), look())} onKeyDown=${pressed} onFocus=${() => clearTimeout(leaving.current)} onBlur=${() => (leaving.current = setTimeout(close, 200))} />
      <ul id="offers" role="listbox" aria-label=${t.suggestions} hidden=${!offers.length}>${offers.map((o, i) => html`
        <li id=${'offer-' + i} role="option" aria-selected=${String(i === chosen)} onPointerDown=${e => (e.preventDefault(), take(o))} title=${o.help ?? ''}><span class="mono">${o.text}</span> <span class="dim">${o.kind}</span></li>`)}</ul>
    </div>
    <button class="primary">${t.run}</button>
  </form>`;
}

// Answer --------------------------------------------------------------------------------------------------------------

const labelsOf = metric => {
  const {__name__: name = '', ...labels} = metric;
  const inside = Object.entries(labels).map(([k, v]) => `${k}=${JSON.stringify(v)}`).join(', ');
  return name + (inside && `{${inside}}`) || '{}';
};

/** Short names for a legend: only what differs between the series. */
function legends(series) {
  const names = [...new Set(series.flatMap(s => Object.keys(s.metric)))];
  const differing = names.filter(n => new Set(series.map(s => s.metric[n])).size > 1);
  return series.map(s => differing.map(n => s.metric[n]).filter(Boolean).join(' ') || labelsOf(s.metric));
}

/** What is wrong in words, then the expression with a caret under the place. */
function Wrong({message}) {
  const [words, ...place] = message.replace(/^invalid parameter "query": /, '').split('\n');
  return html`<div class="trouble" role="alert"><p>${words || t.noAnswer}</p>${place.length > 0 && html`<pre class="caret">${place.join('\n')}</pre>`}</div>`;
}

function Answer({expr, span}) {
  const [state, set] = useState({busy: true});
  useEffect(() => {
    const stop = new AbortController();
    const to = Math.floor(Date.now() / 1000);
    (async () => {
      try {
        const rows = await instant(expr, stop.signal);
        set({rows});
        const drawn = await range(expr, to - span, to, Math.max(15, Math.ceil(span / POINTS)), stop.signal);
        set({rows, drawn});
      } catch (fault) {
        if (fault.name !== 'AbortError') set(s => ({...s, busy: false, fault}));
      }
    })();
    return () => stop.abort();
  }, [expr, span]);
  const data = useMemo(() => {
    if (!state.drawn?.series.length) return null;
    const shown = state.drawn.series.slice(0, MOST_LINES);
    const names = legends(shown);
    return {times: state.drawn.times, lines: shown.map((s, i) => ({name: names[i], values: s.values}))};
  }, [state.drawn]);
  if (state.fault) return html`<${Wrong} message=${state.fault.message} />`;
  if (!state.rows) return html`<${Empty}>${t.loading}<//>`;
  return html`
    ${data && html`<div class="card"><${Graph} title=${t.graph} data=${data} tall /></div>`}
    ${data && state.drawn.series.length > MOST_LINES && html`<p class="dim">${t.tooMany(MOST_LINES, state.drawn.series.length)}</p>`}
    <h2>${t.tableOf} <span class="count">${t.series(state.rows.length)}</span></h2>
    ${state.rows.length === 0 ? html`<${Empty}>${t.empty}<//>` : html`<div class="card scroll" tabindex="0" role="region" aria-label=${t.table}><table>
      <thead><tr><th scope="col">${t.labels}</th><th scope="col" class="number">${t.value}</th></tr></thead>
      <tbody>${state.rows.slice(0, MOST_ROWS).map(r => html`<tr><th scope="row"><code>${labelsOf(r.metric)}</code></th><td class="number">${figure(r.value)}</td></tr>`)}</tbody></table></div>`}`;
}
