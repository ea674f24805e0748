// Small parts that several views share.
import {html, useEffect, useMemo, useRef, useState} from './vendor/htm-preact.js';
import {keepName, me, myName} from './api.js';
import {t} from './text.js';

// Severity and state each have a shape of their own: colour alone tells nothing to one reader in twelve.
const SHAPES = {
  critical: 'M8 1h8l7 7v8l-7 7H8l-7-7V8z', // an octagon, as stop signs have it
  warning: 'M12 2l11 20H1z',
  info: 'M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22z',
  ok: 'M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22z',
  off: 'M3 3h18v18H3z',
};
const MARKS = {critical: 'M12 6v7m0 3.500v.5', warning: 'M12 9v6m0 3v.5', info: 'M12 11v7m0-11v.5', ok: 'M7 12.500l3.500 3.500 7-8', off: 'M8 12h8'};
const KIN = {page: 'critical', error: 'critical', emergency: 'critical', emerg: 'critical', alert: 'critical', crit: 'critical', err: 'critical', warn: 'warning', ok: 'ok', off: 'off'};

/** critical, warning, info, ok or off: which colour and shape a word of any rule gets. */
export const kin = word => KIN[word] ?? (SHAPES[word] ? word : 'info');

export function Shape({of}) {
  const kind = kin(of);
  return html`<svg class="shape ${kind}" viewBox="0 0 24 24" aria-hidden="true"><path class="body" d=${SHAPES[kind]} /><path class="mark" d=${MARKS[kind]} /></svg>`;
}

export const severityWord = word => t.severity[word] ?? (word || t.severity.none);

/** Sorts the worst first. */
export const severityRank = word => ['critical', 'warning', 'info'].indexOf(kin(word)) + (word ? 0 : 3);

export const stateKin = node => ({up: 'ok', off: 'off', lost: 'critical', unseen: 'info'})[node.state] ?? 'warning';

export const Empty = ({children}) => html`<p class="empty">${children}</p>`;

/** What went wrong, in the collector's words, and a button where trying again may help. */
export function Trouble({fault, retry}) {
  if (!fault) return null;
  return html`<div class="trouble" role="alert">
    <strong>${t.cannot}.</strong> <span class="said">${fault.message || t.noAnswer}</span>
    ${retry && html` <button class="small" onClick=${retry}>${t.again}</button>`}
  </div>`;
}

/** Only what leads to a page: an annotation may hold anything, "javascript:" too. */
const safeLink = url => (/^https?:\/\//.test(url ?? '') ? url : '');

/** A link to what to do about it, where the rule names one. */
export function Runbook({alert}) {
  const link = safeLink(alert.annotations.runbook_url);
  return link && html` · <a href=${link} rel="noreferrer">${t.runbook}</a>`;
}

/** Runs what a button asks for: {run, busy, fault}. */
export function useAction() {
  const [state, set] = useState({busy: false, fault: null});
  const run = async action => {
    set({busy: true, fault: null});
    try {
      await action();
      set({busy: false, fault: null});
      return true;
    } catch (fault) {
      set({busy: false, fault});
      return false;
    }
  };
  return {...state, run};
}

/** Asks for a name where nobody has signed in; it stays on this device. */
export function NameField() {
  const [name, set] = useState(myName());
  if (me.user) return null;
  const typed = e => {
    set(e.target.value);
    keepName(e.target.value.trim());
  };
  return html`<label class="field"><span>${t.yourName}</span>
    <input required maxlength="100" autocomplete="nickname" value=${name} onInput=${typed} title=${t.nameWhy} /></label>`;
}

/** A button that puts a text on the clipboard and says so. */
export function Copy({text, label = t.copy}) {
  const [done, set] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    await toClipboard(typeof text === 'function' ? await text() : text);
    set(true);
    timer.current = setTimeout(() => set(false), 2000);
  };
  return html`<button class="small" onClick=${copy} aria-live="polite">${done ? t.copied : label}</button>`;
}

async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Over plain HTTP from another host there is no clipboard object.
  const area = document.body.appendChild(Object.assign(document.createElement('textarea'), {value: text}));
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** A select with its label. */
export function Choice({label, value, options, onChange, hidden}) {
  return html`<label class="field inline"><span class=${hidden ? 'unseen' : ''}>${label}</span>
    <select value=${value} onChange=${e => onChange(e.target.value)}>
      ${Object.entries(options).map(([key, word]) => html`<option value=${key} selected=${key === String(value)}>${word}</option>`)}
    </select></label>`;
}

/** Draws its content again only when one of these has changed. */
export const useParts = (deps, draw) => useMemo(draw, deps);

/** {a: "1"} as a="1", quoted as matchers want it. */
export const matcherText = (name, value) => `${name}=${JSON.stringify(value)}`;
