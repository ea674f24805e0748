// Two kinds of graph: Spark, a line without axes for a tile (SVG of ours), and Graph (uPlot, fetched when first needed).
import {html, useEffect, useRef, useState} from './vendor/htm-preact.js';
import {language, t} from './text.js';

const number = new Intl.NumberFormat(language, {maximumSignificantDigits: 3});
const STEPS = ['', 'k', 'M', 'G', 'T', 'P'];

function scaled(value, base) {
  let step = 0;
  for (; Math.abs(value) >= base && step < STEPS.length - 1; step++) value /= base;
  return number.format(value) + ' ' + STEPS[step];
}

/** How a figure of a unit is written: percent, celsius, bytes, bytes/s, seconds, or a plain number. */
export function figure(value, unit = '') {
  if (value === null || value === undefined || Number.isNaN(value)) return t.none;
  if (unit === 'percent') return Math.round(value) + ' %';
  if (unit === 'celsius') return Math.round(value) + ' °C';
  if (unit.startsWith('bytes')) return scaled(value, 1000) + 'B' + unit.slice(5);
  if (unit === 'seconds') return value < 1 ? number.format(value * 1000) + ' ms' : number.format(value) + ' s';
  return Math.abs(value) >= 1e6 ? scaled(value, 1000).trim() : number.format(value);
}

const WIDE = 100;
const HIGH = 26;

/** values: numbers or null for gaps, drawn between low and high (of the values where not given). */
export function Spark({values, low, high, label}) {
  const known = values.filter(v => v !== null);
  const bottom = low ?? Math.min(...known);
  const top = Math.max(high ?? Math.max(...known), bottom + 1e-9);
  let line = '';
  let gap = true;
  values.forEach((value, i) => {
    if (value === null) {
      gap = true;
      return;
    }
    const x = ((i / Math.max(1, values.length - 1)) * WIDE).toFixed(1);
    const y = (HIGH - 1 - ((Math.min(value, top) - bottom) / (top - bottom)) * (HIGH - 2)).toFixed(1);
    const lone = gap && (values[i + 1] ?? null) === null;
    line += (gap ? 'M' : 'L') + x + ' ' + y + (lone ? (i ? 'h-5' : 'h5') : ''); // one without neighbours is a dash, since a dot is not seen
    gap = false;
  });
  return html`<svg class="spark" viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" role="img" aria-label=${label}><path d=${line} /></svg>`;
}

let library = null;

// A classic script, since it is a third of the size of the module that its author publishes.
function uPlot() {
  library ??= new Promise((done, failed) => {
    const script = Object.assign(document.createElement('script'), {src: 'vendor/uplot.js'});
    script.onload = () => done(window.uPlot);
    script.onerror = () => failed(new Error('vendor/uplot.js'));
    document.head.append(script);
  });
  return library;
}

const COLOURS = 8; // --line-0 … in style.css

/** Colours are read when drawn: they follow the system's scheme. */
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A counter that goes up when the system changes between dark and light. */
function useScheme() {
  const [scheme, set] = useState(0);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const changed = () => set(n => n + 1);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return scheme;
}

/**
 * data: {times: [s…], lines: [{name, values}]}; those of one page with the same sync share their cursor. onZoom gets
 * from and to in seconds when somebody has dragged over a span.
 */
export function Graph({title, data, unit, low, high, sync, onZoom, tall}) {
  const place = useRef();
  const plot = useRef(null);
  const scheme = useScheme();
  const names = data.lines.map(l => l.name).join('\n');

  useEffect(() => {
    let gone = false;
    let watch = null;
    uPlot().then(UPlot => {
      if (gone) return;
      plot.current = new UPlot(options(UPlot), columns(data), place.current);
      // In the next frame: a size that is set while sizes are told would be told again.
      watch = new ResizeObserver(() => requestAnimationFrame(() => {
        const width = place.current?.clientWidth;
        if (width && plot.current && width !== plot.current.width) plot.current.setSize({width, height: height()});
      }));
      watch.observe(place.current);
    });
    return () => {
      gone = true;
      watch?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names, scheme, unit]);

  useEffect(() => {
    plot.current?.setData(columns(data));
  }, [data]);

  const height = () => (tall ? 280 : 140);

  function options() {
    const axis = {stroke: css('--dim'), grid: {stroke: css('--rule'), width: 1}, ticks: {show: false}, font: '11px system-ui, sans-serif'};
    return {
      width: place.current.clientWidth || 300,
      height: height(),
      padding: [8, 18, 0, 0], // room for half of the last hour's name
      cursor: {sync: sync && {key: sync}, drag: {x: Boolean(onZoom), y: false, setScale: false}, points: {size: 6}},
      // On a thumb's drag the page scrolls; a zoom there is by the ranges above.
      hooks: {setSelect: [u => {
        if (onZoom && u.select.width > 4) onZoom(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
        u.setSelect({left: 0, width: 0, top: 0, height: 0}, false);
      }]},
      scales: {x: {time: true}, y: {range: (u, min, max) => bounds(min, max, low, high)}},
      axes: [{...axis, size: 28, values: (u, splits) => ticks(splits)}, {...axis, size: 58, values: (u, splits) => splits.map(v => figure(v, unit))}],
      legend: {live: true, markers: {width: 0, fill: (u, i) => colour(i - 1)}},
      series: [
        {label: ' ', value: (u, v) => (v ? stamp(v) : '')},
        ...data.lines.map((line, i) => ({label: line.name, stroke: colour(i), width: 1.5, spanGaps: false, points: {show: false}, value: (u, v, s, i) => figure(i === null ? u.data[s].findLast(known => known !== null) : v, unit)})),
      ],
    };
  }

  return html`<figure class="graph"><figcaption>${title}</figcaption>
    <p class="unseen">${summary(title, data, unit)}</p>
    <div class=${tall ? 'plot tall' : 'plot'} ref=${place} aria-hidden="true"></div></figure>`;
}

const colour = i => css('--line-' + (i % COLOURS));
const columns = data => [data.times, ...data.lines.map(l => l.values)];
const stampFormat = new Intl.DateTimeFormat(language, {day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});
const stamp = seconds => stampFormat.format(new Date(seconds * 1000));
const dayFormat = new Intl.DateTimeFormat(language, {day: 'numeric', month: 'short'});
const hourFormat = new Intl.DateTimeFormat(language, {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});

/** The hour under each tick, the day where one begins or where ticks are days apart. */
function ticks(splits) {
  const apart = splits.length > 1 ? splits[1] - splits[0] : 0;
  return splits.map(s => {
    const date = new Date(s * 1000);
    return apart >= 86400 || (date.getHours() === 0 && date.getMinutes() === 0) ? dayFormat.format(date) : hourFormat.format(date);
  });
}

function bounds(min, max, low, high) {
  if (min === null || min === undefined) return [low ?? 0, high ?? 1];
  const room = (max - min) * 0.08 || Math.abs(max) * 0.1 || 1;
  return [low ?? min - room, high ?? max + room];
}

/** What a reader who does not see the lines is told. */
function summary(title, data, unit) {
  return data.lines.slice(0, COLOURS).map(line => {
    const known = line.values.filter(v => v !== null);
    if (!known.length) return '';
    return t.lowHigh(`${title} ${line.name}`, figure(Math.min(...known), unit), figure(Math.max(...known), unit), figure(known.at(-1), unit));
  }).join('. ');
}
