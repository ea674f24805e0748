// Times in the reader's zone and language; "for 3 min" in words; the node's own time beside it where it is known.
import {html, useEffect, useState} from './vendor/htm-preact.js';
import {language, t} from './text.js';
import {instant} from './api.js';

const clock = new Intl.DateTimeFormat(language, {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'});
const hours = new Intl.DateTimeFormat(language, {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'});
const day = new Intl.DateTimeFormat(language, {day: 'numeric', month: 'short'});
const whole = new Intl.DateTimeFormat(language, {dateStyle: 'full', timeStyle: 'long'});

const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
const formats = {};

function inUnit(count, unit, long) {
  const key = unit + long;
  formats[key] ??= new Intl.NumberFormat(language, {style: 'unit', unit, unitDisplay: long ? 'long' : 'short'});
  return formats[key].format(count);
}

/** "3 min", "2 days": the largest unit that fits; long for prose. */
export function lasting(millis, long = false) {
  const seconds = Math.max(0, millis / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS[3];
  return inUnit(Math.floor(seconds / size), unit, long);
}

/** "14:02" today, "21 Nov 14:02" on another day; with seconds where asked. */
export function when(time, seconds = false) {
  const date = new Date(time);
  const text = (seconds ? clock : hours).format(date);
  return date.toDateString() === new Date().toDateString() ? text : `${day.format(date)} ${text}`;
}

/** The present in ms, renewed so often; ticks only while the page is seen. */
export function useNow(every = 10_000) {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

// Offsets of nodes from UTC in seconds, by name. Asked for once: a node moves seldom.
let zones = {};
export async function learnZones() {
  try {
    for (const {metric, value} of await instant('node_time_zone_offset_seconds')) zones[metric.node ?? ''] = value;
  } catch {
    zones = {}; // only a nicety
  }
}

/** "13:02 there" where the node's clock shows another hour than the reader's; else "". */
export function onNode(time, node) {
  const offset = zones[node];
  const date = new Date(time);
  if (offset === undefined || offset === -date.getTimezoneOffset() * 60) return '';
  return t.there(new Date(date.getTime() + offset * 1000).toISOString().slice(11, 16));
}

/** A moment, with the whole date on hover. */
export function Time({at, node, seconds}) {
  if (!at) return null;
  const there = onNode(at, node);
  return html`<time datetime=${at} title=${whole.format(new Date(at))}>${when(at, seconds)}${there && html` <span class="dim">${there}</span>`}</time>`;
}

/** "3 min" since then, ticking; words puts it into a sentence: t.ago, t.forTime. */
export function Since({at, long, words = time => time}) {
  const now = useNow();
  return at ? html`<time datetime=${at} title=${whole.format(new Date(at))}>${words(lasting(now - Date.parse(at), long))}</time>` : null;
}
