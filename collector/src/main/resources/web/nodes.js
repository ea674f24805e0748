// A tile for each node: its state in words and four small graphs. One query per figure serves all nodes.
import {html, useEffect, useMemo, useState} from './vendor/htm-preact.js';
import {instant, range} from './api.js';
import {useLive} from './stream.js';
import {t} from './text.js';
import {lasting, Since} from './time.js';
import {Choice, Empty, severityRank, Shape, stateKin, Trouble, useParts} from './parts.js';
import {figure, Spark} from './graph.js';
import {needsSomebody} from './now.js';

const SPAN = 3600;
const STEP = 120;
const EVERY = 30_000;
const PAUSE = 120; // ms after a key before the tiles follow
const SKEW = 2; // seconds; less is the network's

/**
 * Percent but for heat; the fullest file system counts. From "tight" on the figure stands out. CPU is a share of
 * the time that was counted and not of the time that went by: of a node that has just begun, those differ.
 */
export const FIGURES = {
  cpu: {unit: 'percent', low: 0, high: 100, expr: '100 * (1 - sum by (node, instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) / sum by (node, instance) (rate(node_cpu_seconds_total[5m])))'},
  memory: {unit: 'percent', low: 0, high: 100, tight: 90, expr: '100 * max by (node, instance) (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)'},
  disk: {unit: 'percent', low: 0, high: 100, tight: 90, expr: '100 * max by (node, instance) (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs|overlay|iso9660"} / node_filesystem_size_bytes)'},
  heat: {unit: 'celsius', low: 20, high: 90, tight: 80, expr: 'max by (node, instance) ({__name__=~"node_hwmon_temp_celsius|node_thermal_zone_temp"})'},
};
const THROTTLED = 'max by (node, instance) (vigie_rpi_throttled) > 0';

/** The node that a series is of: its label, else its instance's host. */
const nodeOf = metric => metric.node || (metric.instance ?? '').replace(/:\d+$/, '');

/** By node: {cpu: [values…], memory: …, throttled: true}; renewed every half a minute. */
function useFigures() {
  const [figures, set] = useState(new Map());
  useEffect(() => {
    const stop = new AbortController();
    const ask = async () => {
      if (document.hidden) return;
      const to = Math.floor(Date.now() / 1000); // the last point is the present
      const found = new Map();
      const of = metric => {
        const name = nodeOf(metric);
        if (!found.has(name)) found.set(name, {});
        return found.get(name);
      };
      const lines = Object.entries(FIGURES).map(async ([key, {expr}]) => {
        for (const {metric, values} of (await range(expr, to - SPAN, to, STEP, stop.signal, true)).series) of(metric)[key] = values;
      });
      const flags = instant(THROTTLED, stop.signal).then(all => all.forEach(({metric}) => (of(metric).throttled = true)));
      await Promise.allSettled([...lines, flags]); // a figure that fails leaves its place empty
      if (!stop.signal.aborted) set(found);
    };
    ask();
    const timer = setInterval(ask, EVERY);
    return () => (clearInterval(timer), stop.abort());
  }, []);
  return figures;
}

const lastOf = values => values?.findLast(v => v !== null) ?? null;

/** Worst first: alerts, then silence that nobody meant, then well, then off on purpose. */
const RANK = {lost: 1, rebooting: 2, stopped: 2, unseen: 3, up: 4, off: 5};

export function Nodes({parameters}) {
  const nodes = useLive('nodes', 'api/vigie/nodes');
  const alerts = useLive('alerts', 'api/vigie/alerts', {state: 'active'});
  const figures = useFigures();
  const [find, setFind] = useState(parameters.get('find') ?? '');
  const [wanted, setWanted] = useState(find.trim().toLowerCase());
  const [sort, setSort] = useState(parameters.get('sort') ?? 'state');
  const [group, setGroup] = useState(parameters.get('group') ?? '');
  useEffect(() => {
    const kept = new URLSearchParams(Object.entries({find, sort: sort === 'state' ? '' : sort, group}).filter(([, v]) => v));
    const timer = setTimeout(() => {
      setWanted(find.trim().toLowerCase());
      history.replaceState(null, '', '#/nodes' + (kept.size ? '?' + kept : ''));
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [find, sort, group]);

  const burning = useMemo(() => {
    const of = new Map();
    for (const a of (alerts.data?.alerts ?? []).filter(needsSomebody)) {
      const {count = 0, worst = a.severity} = of.get(a.node) ?? {};
      of.set(a.node, {count: count + 1, worst: severityRank(a.severity) < severityRank(worst) ? a.severity : worst});
    }
    return of;
  }, [alerts.data]);
  // What is not looked for is hidden and not taken away: with 200 tiles, making them again is what takes time.
  const groups = useMemo(() => grouped([...(nodes.data?.nodes ?? [])].sort(order(sort, figures, burning)), group), [nodes.data, sort, group, figures, burning]);
  if (!nodes.data) return nodes.fault ? html`<${Trouble} fault=${nodes.fault} retry=${nodes.reload} />` : html`<${Empty}>${t.loading}<//>`;

  const all = nodes.data.nodes;
  const fits = n => !wanted || `${n.node} ${n.state} ${t.node[n.state]} ${n.dependsOn} ${n.gateway}`.toLowerCase().includes(wanted);
  const shown = new Set(all.filter(fits));
  return html`
    <div class="head"><h1>${t.nodes}</h1><span class="dim" aria-live="polite">${t.someNodes(shown.size, all.length)}</span></div>
    <form class="bar" role="search" onSubmit=${e => e.preventDefault()}>
      <label class="field inline grow"><span class="unseen">${t.findNode}</span><input data-find type="search" placeholder=${t.findNode} value=${find} onInput=${e => setFind(e.target.value)} /></label>
      <${Choice} label=${t.sort} value=${sort} options=${t.sorts} onChange=${setSort} />
      <${Choice} label=${t.group} value=${group} options=${t.groups} onChange=${setGroup} />
    </form>
    ${all.length === 0 && html`<${Empty}>${t.noNodes}. ${t.noNodesHow}<//>`}
    ${all.length > 0 && shown.size === 0 && html`<${Empty}>${t.noMatch}<//>`}
    ${groups.map(([name, members]) => html`<section key=${name} hidden=${!members.some(n => shown.has(n))}>
      ${name && html`<h2>${name} <span class="count">${members.filter(n => shown.has(n)).length}</span></h2>`}
      <ul class="tiles">${members.map(n => html`<${Tile} key=${n.node} node=${n} hidden=${!shown.has(n)} figures=${figures.get(n.node)} alerts=${burning.get(n.node)?.count ?? 0} worst=${burning.get(n.node)?.worst} />`)}</ul>
    </section>`)}`;
}

const names = new Intl.Collator(undefined, {numeric: true});

function order(sort, figures, burning) {
  const byName = (a, b) => names.compare(a.node, b.node);
  if (sort === 'name') return byName;
  if (sort === 'state') return (a, b) => rank(a, burning) - rank(b, burning) || byName(a, b);
  const value = n => lastOf(figures.get(n.node)?.[sort]) ?? -1;
  return (a, b) => value(b) - value(a) || byName(a, b);
}

const rank = (node, burning) => (burning.has(node.node) && node.state === 'up' ? severityRank(burning.get(node.node).worst) / 10 : RANK[node.state]);

function grouped(nodes, by) {
  if (!by) return [['', nodes]];
  const groups = new Map();
  for (const node of nodes) {
    const name = by === 'state' ? t.node[node.state] : node.dependsOn ? `${t.behind} ${node.dependsOn}` : t.direct;
    groups.set(name, [...(groups.get(name) ?? []), node]);
  }
  return [...groups];
}

/** "clock 3 s behind", or nothing where it is right. */
export function skewed(node) {
  const off = node.clockOffsetSeconds;
  if (off === null || Math.abs(off) < SKEW) return '';
  return (off > 0 ? t.clockBehind : t.clockAhead)(lasting(Math.abs(off) * 1000));
}

const NO_FIGURES = {};

function Tile({node, figures = NO_FIGURES, alerts, worst, hidden}) {
  const remarks = [skewed(node), figures.throttled && t.throttled, node.pending > 0 && t.waiting(node.pending)].filter(Boolean);
  // 200 of them: drawn again only where something of this one has changed.
  const content = useParts([JSON.stringify(node), figures, alerts, worst], () => html`
    <p class="tilehead"><${Shape} of=${alerts && node.state === 'up' ? worst : stateKin(node)} />
      <a href=${'#/nodes/' + encodeURIComponent(node.node)}>${node.node}</a>
      <span class="push dim">${alerts > 0 && html`<strong>${t.alerts(alerts)}</strong> `}${node.state === 'up' ? alerts === 0 && t.node.up : html`${t.node[node.state]} <${Since} at=${node.since} />`}</span></p>
    ${remarks.length > 0 && html`<p class="remarks">${remarks.map(r => html`<span class="tag">${r}</span>`)}</p>`}
    <dl>${Object.entries(FIGURES).map(([key, {unit, low, high, tight}]) => figures[key] && html`<div class=${lastOf(figures[key]) >= tight ? 'tight' : ''}>
      <dt>${t.short[key]}</dt><dd>${figure(lastOf(figures[key]), unit)}
      <${Spark} values=${figures[key]} low=${low} high=${high} label=${t.lastHour(t.figures[key])} /></dd></div>`)}</dl>
  `);
  return html`<li class="tile ${node.state}" hidden=${hidden}>${content}</li>`;
}
