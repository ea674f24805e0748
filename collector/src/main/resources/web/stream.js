// The collector says which list has changed (server-sent events); who shows that list asks for it again.
import {useCallback, useEffect, useRef, useState} from './vendor/htm-preact.js';
import {askWho, get} from './api.js';

const RETRY = 5_000;
const listeners = {alerts: new Set(), nodes: new Set(), outbox: new Set(), link: new Set()};
let source = null;
let timer = 0;

/** "live", "lost" or "starting". */
export let link = 'starting';

const tell = (topic, value) => listeners[topic].forEach(listener => listener(value));

function setLink(state) {
  const back = state === 'live' && link === 'lost';
  if (state !== link) {
    link = state;
    tell('link', state);
  }
  // What happened meanwhile nobody has told us.
  if (back) ['alerts', 'nodes', 'outbox'].forEach(topic => tell(topic));
}

/** Opens the stream, or opens it anew after a sign-in. */
export function openStream() {
  closeStream();
  source = new EventSource('api/vigie/stream');
  source.onopen = () => setLink('live');
  for (const topic of ['alerts', 'nodes', 'outbox']) source.addEventListener(topic, () => tell(topic));
  source.onerror = () => {
    setLink('lost');
    // The browser tries again by itself unless the answer was an error: then ask why, and try later.
    if (source?.readyState === EventSource.CLOSED) {
      clearTimeout(timer);
      timer = setTimeout(() => askWho().then(openStream, e => e.status === 401 || openStream()), RETRY);
    }
  };
}

export function closeStream() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

// Or a page that the browser only keeps for "back" would keep its connection, too.
addEventListener('pagehide', () => source?.close());
addEventListener('pageshow', e => e.persisted && source && openStream());

export function useLink() {
  const [state, set] = useState(link);
  useEffect(() => {
    listeners.link.add(set);
    return () => listeners.link.delete(set);
  }, []);
  return state;
}

/**
 * What a path answers, asked again whenever its topic changes. {data, fault, reload}; the last good answer stays while
 * the link is lost.
 */
export function useLive(topic, path, parameters) {
  const [state, set] = useState({data: null, fault: null});
  const asking = useRef({});
  const key = path + JSON.stringify(parameters ?? {});
  const reload = useCallback(async () => {
    const mine = asking.current;
    if (mine.busy) {
      mine.again = true; // one at a time: a storm of changes asks no faster than the answers come
      return;
    }
    mine.busy = true;
    do {
      mine.again = false;
      try {
        const data = await get(path, parameters);
        if (asking.current === mine) set({data, fault: null});
      } catch (fault) {
        if (asking.current === mine) set(before => ({data: before.data, fault}));
      }
    } while (mine.again);
    mine.busy = false;
  }, [key]);
  useEffect(() => {
    asking.current = {};
    set({data: null, fault: null});
    reload();
    listeners[topic]?.add(reload);
    return () => {
      listeners[topic]?.delete(reload);
      asking.current = {};
    };
  }, [reload, topic]);
  return {...state, reload};
}
