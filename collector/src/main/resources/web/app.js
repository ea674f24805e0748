// The frame: who is looking, which view the address asks for, what is said aloud. A view is a function of the
// address: #/nodes/pi4?range=3600 is node.js with name "pi4" and the parameters behind the question mark.
import {html, render, useEffect, useErrorBoundary, useRef, useState} from './vendor/htm-preact.js';
import {askWho, me, signOut, whenSignedOut} from './api.js';
import {closeStream, openStream, useLink, useLive} from './stream.js';
import {learnZones} from './time.js';
import {language, t} from './text.js';
import {Empty, Trouble, severityWord} from './parts.js';
import {SignIn} from './signin.js';
import {needsSomebody, Now} from './now.js';
import {Nodes} from './nodes.js';
import {Node} from './node.js';
import {Events} from './events.js';
import {Incident} from './incident.js';
import {Explore} from './explore.js';
import {Silences} from './silences.js';

const VIEWS = {'': Now, nodes: Nodes, events: Events, explore: Explore, silences: Silences, silence: Silences, incident: Incident};
const TABS = [
  ['', t.now, 'M3 12h4l3-8 4 16 3-8h4'],
  ['nodes', t.nodes, 'M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01'],
  ['events', t.events, 'M4 6h16M4 12h16M4 18h10'],
  ['explore', t.explore, 'M4 20V4m0 16h16M8 15l4-5 3 3 5-7'],
  ['silences', t.silences, 'M6 9a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7m4 11h4M3 3l18 18'],
];

function address() {
  const [path, parameters] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [view, ...rest] = path.split('/').map(decodeURIComponent);
  return {view, name: rest.join('/'), parameters: new URLSearchParams(parameters ?? '')};
}

function useAddress() {
  const [now, set] = useState(address());
  useEffect(() => {
    const moved = () => set(address());
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return now;
}

/** Digits open the views, / goes to the search field; never while somebody types. */
function useKeys() {
  useEffect(() => {
    const pressed = e => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.('input, textarea, select')) return;
      if (TABS[e.key - 1]) location.hash = '#/' + TABS[e.key - 1][0];
      else if (e.key === '/') {
        e.preventDefault();
        document.querySelector('main [data-find]')?.focus();
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

const MOST_SAID = 5; // past that the number says more

/** Says new alerts to a screen reader and counts them in the title. */
function Aloud() {
  const {data} = useLive('alerts', 'api/vigie/alerts', {state: 'active'});
  const known = useRef(null);
  const [said, say] = useState('');
  useEffect(() => {
    if (!data) return;
    const burning = data.alerts.filter(needsSomebody);
    document.title = (burning.length ? `(${burning.length}) ` : '') + 'Vigie';
    const fresh = known.current && burning.filter(alert => !known.current.has(alert.id));
    known.current = new Set(burning.map(alert => alert.id));
    if (fresh?.length > MOST_SAID) say(t.burning(burning.length));
    else if (fresh?.length) say(fresh.map(a => t.newAlert(severityWord(a.severity), a.summary || a.alert)).join('. '));
  }, [data]);
  return html`<div class="unseen" aria-live="assertive" id="aloud">${said}</div>`;
}

function LinkState() {
  const link = useLink();
  return html`<div role="status" class=${link === 'lost' ? 'linklost' : 'unseen'}>${link === 'lost' ? t.linkLost : ''}</div>`;
}

function View({view, name, parameters}) {
  const [fault, reset] = useErrorBoundary();
  const main = useRef();
  const place = view + '/' + name;
  useEffect(() => {
    reset();
    scrollTo(0, 0);
    // Without this the focus stays on what is gone, and a screen reader says nothing of the new view.
    if (main.current && document.activeElement !== document.body) main.current.focus({preventScroll: true});
  }, [place]);
  if (fault) console.error(fault);
  const Shown = view === 'nodes' && name ? Node : VIEWS[view];
  return html`<main id="main" tabindex="-1" ref=${main}>
    ${fault ? html`<${Trouble} fault=${fault} retry=${reset} />` : Shown ? html`<${Shown} key=${place} name=${name} parameters=${parameters} />` : html`<${Empty}>404<//>`}
  </main>`;
}

function Tabs({view}) {
  const here = {silence: 'silences', incident: ''}[view] ?? view;
  return html`<nav aria-label=${t.views} class="tabs">
    ${TABS.map(([path, word, icon], i) => html`<a href=${'#/' + path} aria-current=${here === path ? 'page' : null} aria-keyshortcuts=${i + 1} title=${`${word} (${i + 1})`}>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${icon} /></svg><span>${word}</span></a>`)}
  </nav>`;
}

function App() {
  const here = useAddress();
  const [who, setWho] = useState({asked: false});
  useKeys();
  const ask = async () => {
    try {
      await askWho();
      openStream();
      learnZones();
      setWho({asked: true});
    } catch (fault) {
      if (fault.status !== 401) setWho({asked: true, fault});
    }
  };
  useEffect(() => {
    whenSignedOut(how => {
      closeStream();
      setWho({asked: true, signIn: how});
    });
    ask();
  }, []);
  const leave = async () => {
    await signOut();
    ask();
  };
  if (!who.asked) return html`<${Empty}>${t.loading}<//>`;
  if (who.fault) return html`<main><${Trouble} fault=${who.fault} retry=${ask} /></main>`;
  if (who.signIn) return html`<${SignIn} how=${who.signIn} done=${ask} />`;
  return html`
    <a class="skip" href="#main" onClick=${e => (e.preventDefault(), document.getElementById('main').focus())}>${t.skip}</a>
    <header class="top">
      <a class="brand" href="#/"><img src="icon.svg" alt="" width="28" height="28" /> Vigie</a>
      <${Tabs} view=${here.view} />
      ${me.role === 'viewer' && html`<span class="tag" title=${t.viewer}>${t.looks}</span>`}
      ${me.user && html`<span class="who">${me.user}</span>`}
      ${me.signIn === 'session' && html`<button class="small" onClick=${leave}>${t.signOut}</button>`}
    </header>
    <${LinkState} />
    <${Aloud} />
    <${View} ...${here} />`;
}

document.documentElement.lang = language;
const root = document.getElementById('app');
root.textContent = '';
render(html`<${App} />`, root);
