// One node: its graphs with one cursor over all of them, its probes, units, alerts, events, and what changed on it.
import {html, useEffect, useMemo, useState} from './vendor/htm-preact.js';
import {get, instant, query, range} from './api.js';
import {useLive} from './stream.js';
import {t} from './text.js';
import {onNode, Since, Time, useNow} from './time.js';
import {Empty, Shape, severityWord, stateKin, Trouble} from './parts.js';
import {figure, Graph} from './graph.js';
import {skewed} from './nodes.js';
import {Row} from './events.js';

const RANGES = [3600, 21600, 86400, 604800, 2592000];
const POINTS = 240;
const SHORTEST = 15; // seconds between points; the collector has none closer as a rule
const EVENTS = 20;

/**
 * What is drawn. NODE stands for the matchers of this node, WINDOW for a time over which a rate is meaningful at this
 * range; a line is named by its labels, or by the word where there are none.
 */
const GRAPHS = {
  cpu: {unit: 'percent', low: 0, high: 100, lines: [['100 * avg by (mode) (rate(node_cpu_seconds_total{mode=~"user|nice|system|iowait|steal",NODE}[WINDOW]))', m => m.mode]]},
  memory: {unit: 'percent', low: 0, high: 100, lines: [
    ['100 * (1 - node_memory_MemAvailable_bytes{NODE} / node_memory_MemTotal_bytes{NODE})', () => t.figures.memory],
    ['100 * (1 - node_memory_SwapFree_bytes{NODE} / (node_memory_SwapTotal_bytes{NODE} > 0))', () => 'swap']]},
  disk: {unit: 'percent', low: 0, high: 100, lines: [['100 * (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs|overlay|iso9660",NODE} / node_filesystem_size_bytes{NODE})', m => m.mountpoint]]},
  io: {unit: 'bytes/s', low: 0, lines: [
    ['sum by (device) (rate(node_disk_read_bytes_total{NODE}[WINDOW]))', m => '↓ ' + m.device],
    ['sum by (device) (rate(node_disk_written_bytes_total{NODE}[WINDOW]))', m => '↑ ' + m.device]]},
  network: {unit: 'bytes/s', low: 0, lines: [
    ['sum by (device) (rate(node_network_receive_bytes_total{device!="lo",NODE}[WINDOW])) > 0', m => '↓ ' + m.device],
    ['sum by (device) (rate(node_network_transmit_bytes_total{device!="lo",NODE}[WINDOW])) > 0', m => '↑ ' + m.device]]},
  heat: {unit: 'celsius', lines: [['{__name__=~"node_hwmon_temp_celsius|node_thermal_zone_temp",NODE}', m => m.sensor ?? m.type ?? t.figures.heat]]},
  load: {unit: '', low: 0, lines: [['node_load1{NODE}', () => '1 min'], ['node_load15{NODE}', () => '15 min']]},
};

export function Node({name, parameters}) {
  const nodes = useLive('nodes', 'api/vigie/nodes/' + encodeURIComponent(name));
  const alerts = useLive('alerts', 'api/vigie/alerts', {filter: `node=${JSON.stringify(name)}`, state: 'active'});
  const node = nodes.data;
  if (!node) return nodes.fault ? html`<h1>${name}</h1><${Trouble} fault=${nodes.fault} retry=${nodes.reload} />` : html`<${Empty}>${t.loading}<//>`;
  const firing = (alerts.data?.alerts ?? []).filter(a => a.state === 'firing');
  return html`
    <p class="crumbs"><a href="#/nodes">${t.nodes}</a></p>
    <div class="head"><h1><${Shape} of=${stateKin(node)} /> ${node.node}</h1>
      <span>${t.node[node.state]} <span class="dim"><${Since} at=${node.since} long words=${t.forTime} /></span></span></div>
    <${Facts} node=${node} />
    ${firing.length > 0 && html`<ul class="brief">${firing.map(a => html`<li key=${a.id}><span><${Shape} of=${a.severity} /> <strong>${severityWord(a.severity)}</strong> <a href=${'#/incident/' + a.id}>${a.summary || a.alert}</a></span>
      <span class="dim"><${Since} at=${a.firedAt} /></span></li>`)}</ul>`}
    <${Graphs} name=${name} parameters=${parameters} />
    <div class="columns">
      <${Probes} name=${name} />
      <${Units} name=${name} />
    </div>
    <${Changes} name=${name} />
    <${Lately} name=${name} />`;
}

function Facts({node}) {
  const of = matchers(node.node);
  const found = useInstant(`node_os_info{${of}}`, `node_uname_info{${of}}`, `count(node_cpu_seconds_total{mode="idle",${of}})`, `node_memory_MemTotal_bytes{${of}}`, `node_boot_time_seconds{${of}}`);
  const [os, uname, cpus, memory, boot] = (found ?? []).map(answer => answer[0]);
  const words = (...all) => all.filter(Boolean).join(', ');
  const facts = {
    [t.system]: words(os?.metric.pretty_name, uname && `${uname.metric.sysname} ${uname.metric.release} ${uname.metric.machine}`),
    [t.hardware]: words(cpus && t.cpus(cpus.value), memory && figure(memory.value, 'bytes')),
    [t.booted]: boot && html`<${Since} at=${new Date(boot.value * 1000).toISOString()} words=${t.ago} />`,
    [t.heard]: node.lastHeard && html`<${Since} at=${node.lastHeard} words=${t.ago} />`,
    [t.clock]: skewed(node) || (node.clockOffsetSeconds !== null && t.exact),
    [t.dependsOn]: node.dependsOn && html`<a href=${'#/nodes/' + encodeURIComponent(node.dependsOn)}>${node.dependsOn}</a>`,
    [t.gateway]: node.gateway,
    [t.version]: node.version && `${node.version}, Java ${node.java}`,
    [t.waiting(node.pending ?? 0)]: node.pending > 0 && '⏳',
  };
  const there = onNode(Date.now(), node.node);
  return html`<dl class="facts">${Object.entries(facts).filter(([, v]) => v).map(([word, value]) => html`<div><dt>${word}</dt><dd>${value}</dd></div>`)}
    ${there && html`<div><dt>${t.clock}</dt><dd>${there}</dd></div>`}</dl>`;
}

const matchers = name => `node=${JSON.stringify(name)}`;

// Never so short that a scrape a minute has too few samples in it.
const duration = seconds => Math.max(150, Math.ceil(seconds)) + 's';

function Graphs({name, parameters}) {
  const given = Number(parameters.get('range'));
  const span = RANGES.includes(given) ? given : RANGES[0];
  const zoom = parameters.get('from') ? {from: Number(parameters.get('from')), to: Number(parameters.get('to'))} : null;
  const now = useNow(span <= 21600 ? 30_000 : 300_000);
  const to = zoom ? zoom.to : Math.floor(now / 1000);
  const from = zoom ? zoom.from : to - span;
  const go = next => (location.hash = `#/nodes/${encodeURIComponent(name)}` + query(next));
  const onZoom = (a, b) => go({range: span, from: Math.floor(a), to: Math.ceil(Math.max(b, a + 60))});
  return html`<section>
    <div class="bar"><div class="segments" role="group" aria-label=${t.range}>
      ${RANGES.map(r => html`<button class="small" aria-pressed=${String(!zoom && r === span)} onClick=${() => go({range: r})}>${t.ranges[r]}</button>`)}</div>
      ${zoom ? html`<button class="small" onClick=${() => go({range: span})}>${t.zoomOut}</button>` : html`<span class="dim hint">${t.zoomHint}</span>`}</div>
    <div class="graphs">${Object.entries(GRAPHS).map(([key, graph]) => html`<${Figure} key=${key} title=${t.graphs[key]} graph=${graph} name=${name} from=${from} to=${to} onZoom=${onZoom} />`)}</div>
  </section>`;
}

function Figure({title, graph, name, from, to, onZoom}) {
  const [state, set] = useState({data: null, fault: null});
  useEffect(() => {
    const stop = new AbortController();
    const step = Math.max(SHORTEST, Math.ceil((to - from) / POINTS));
    const asked = graph.lines.map(async ([expr, word]) => {
      const text = expr.replaceAll('NODE', matchers(name)).replaceAll('WINDOW', duration(step * 4));
      const {times, series} = await range(text, from, to, step, stop.signal);
      return {times, lines: series.map(s => ({name: word(s.metric), values: s.values}))};
    });
    Promise.all(asked).then(
      all => set({data: {times: all[0].times, lines: all.flatMap(a => a.lines).sort((a, b) => a.name.localeCompare(b.name)).slice(0, 16)}, fault: null}),
      fault => fault.name === 'AbortError' || set(s => ({...s, fault})),
    );
    return () => stop.abort();
  }, [name, from, to]);
  if (state.fault) return html`<div><h3>${title}</h3><${Trouble} fault=${state.fault} /></div>`;
  if (!state.data) return html`<figure class="graph"><figcaption>${title}</figcaption><div class="plot" /></figure>`;
  if (!state.data.lines.length) return null; // a node without thermometers has no such graph
  return html`<${Graph} title=${title} data=${state.data} unit=${graph.unit} low=${graph.low} high=${graph.high} sync="node" onZoom=${onZoom} />`;
}

/** Answers of instant queries, asked again every half a minute. */
function useInstant(...exprs) {
  const [state, set] = useState(null);
  const now = useNow(30_000);
  useEffect(() => {
    const stop = new AbortController();
    Promise.all(exprs.map(e => instant(e, stop.signal))).then(set, () => {});
    return () => stop.abort();
  }, [exprs.join('\n'), now]);
  return state;
}

function Probes({name}) {
  const found = useInstant(`vigie_probe_up{${matchers(name)}}`, `probe_duration_seconds{${matchers(name)}}`);
  const took = useMemo(() => new Map((found?.[1] ?? []).map(({metric, value}) => [metric.probe + '\n' + metric.target, value])), [found]);
  if (!found) return null;
  return html`<section><h2>${t.probes}</h2>
    ${found[0].length === 0 ? html`<p class="dim">${t.noProbes}</p>` : html`<table class="card">
      <thead><tr><th scope="col">${t.name}</th><th scope="col">${t.target}</th><th scope="col">${t.state}</th><th scope="col">${t.took}</th></tr></thead>
      <tbody>${found[0].map(({metric, value}) => html`<tr><th scope="row">${metric.probe}</th><td class="any">${metric.target}</td>
        <td><${Shape} of=${value ? 'ok' : 'critical'} /> ${value ? t.answers : t.down}</td><td>${figure(took.get(metric.probe + '\n' + metric.target), 'seconds')}</td></tr>`)}</tbody></table>`}
  </section>`;
}

function Units({name}) {
  const found = useInstant(`vigie_unit_up{${matchers(name)}}`);
  if (!found) return null;
  return html`<section><h2>${t.units}</h2>
    ${found[0].length === 0 ? html`<p class="dim">${t.allUnits}</p>` : html`<table class="card">
      <thead><tr><th scope="col">${t.name}</th><th scope="col">${t.state}</th></tr></thead>
      <tbody>${found[0].map(({metric, value}) => html`<tr><th scope="row">${metric.unit}</th><td><${Shape} of=${value ? 'ok' : 'critical'} /> ${value ? t.runs : t.failed}</td></tr>`)}</tbody></table>`}
  </section>`;
}

/** Asked for once; what is new here is seldom newer than the visit. */
function useOnce(path, parameters) {
  const [state, set] = useState(null);
  useEffect(() => {
    get(path, parameters).then(set, () => set({}));
  }, [path]);
  return state;
}

function Changes({name}) {
  const found = useOnce(`api/vigie/nodes/${encodeURIComponent(name)}/changes`, {since: '7d', limit: 30});
  if (!found?.changes) return null;
  return html`<section><h2>${t.changes}</h2>
    ${found.changes.length === 0 ? html`<p class="dim">${t.noChanges}</p>` : html`<ol class="brief">${found.changes.map(e => html`<li><span>${e.text}</span><span class="dim"><${Time} at=${e.time} node=${name} /></span></li>`)}</ol>`}</section>`;
}

function Lately({name}) {
  const found = useOnce('api/vigie/events', {node: name, limit: EVENTS});
  if (!found?.events) return null;
  return html`<section><div class="head under"><h2>${t.events}</h2><a href=${'#/events' + query({node: name})}>${t.all}</a></div>
    ${found.events.length === 0 ? html`<p class="dim">${t.noEvents}</p>` : html`<div class="events wrap"><ol>${found.events.map(e => html`<${Row} key=${e.id} event=${e} />`)}</ol></div>`}</section>`;
}
