// What the collector is asked and told. All paths are relative: the page also lives under a sub-path behind a proxy.

/** An answer that was no success; the message is the collector's own. */
export class Fault extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Who is looking, as /api/vigie/me says. */
export const me = {user: '', role: 'viewer', signIn: 'none', csrf: '-', version: ''};

let onSignedOut = () => {};

/** Tells whoever shows the sign-in form when an answer says that somebody has to sign in. */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

export const mayChange = () => me.role === 'operator';

/** Asks who is looking; throws a Fault with 401 where somebody has to sign in first. */
export async function askWho() {
  Object.assign(me, await call('GET', 'api/vigie/me'));
  return me;
}

export const signIn = (user, password) =>
  call('POST', 'api/vigie/session', {user, password, base: new URL('.', document.baseURI).pathname});

export const signOut = () => call('DELETE', 'api/vigie/session');

/** GET with parameters; a list gives its name several times, an empty one is left out. */
export function get(path, parameters = {}, signal) {
  return call('GET', path + query(parameters), undefined, signal);
}

export const send = (method, path, body) => call(method, path, body);

/** "?a=1&b=2", or "". */
export function query(parameters = {}) {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [].concat(value ?? '')) {
      if (each !== '') all.append(name, each);
    }
  }
  const text = all.toString();
  return text && '?' + text;
}

async function call(method, path, body, signal) {
  const headers = {'X-Vigie-CSRF': me.csrf || '-', Accept: 'application/json'};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(path, {method, headers, signal, body: body && JSON.stringify(body), cache: 'no-store'});
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw new Fault(0, '');
  }
  const text = await answer.text();
  const json = parsed(text);
  if (answer.ok) return json;
  if (answer.status === 401 && path !== 'api/vigie/session') onSignedOut(json?.signIn || 'session');
  const said = json?.error || json?.message || (typeof json === 'string' ? json : text);
  throw new Fault(answer.status, said || `HTTP ${answer.status}`);
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

// PromQL ------------------------------------------------------------------------------------------------------------

/** Instant query: [{metric, value}], or one entry without labels where the answer is a number. */
export async function instant(expr, signal) {
  const {data} = await get('api/v1/query', {query: expr}, signal);
  if (data.resultType === 'vector') return data.result.map(r => ({metric: r.metric, value: Number(r.value[1])}));
  return [{metric: {}, value: Number(data.result[1] ?? NaN)}];
}

/**
 * Range query in seconds: {times: [s…], series: [{metric, values: [number or null…]}]}, all on one time axis. It begins
 * at a multiple of the step, so that a graph keeps its shape when it is asked for again; exact: at from.
 */
export async function range(expr, from, to, step, signal, exact = false) {
  const start = exact ? from : Math.floor(from / step) * step;
  const {data} = await get('api/v1/query_range', {query: expr, start, end: to, step}, signal);
  const count = Math.floor((to - start) / step) + 1;
  const times = Array.from({length: count}, (_, i) => start + i * step);
  const series = data.result.map(r => {
    const values = new Array(count).fill(null);
    for (const [time, value] of r.values ?? []) {
      const number = Number(value);
      values[Math.round((time - start) / step)] = Number.isFinite(number) ? number : null;
    }
    return {metric: r.metric, values};
  });
  return {times, series};
}

// What people do ----------------------------------------------------------------------------------------------------

const NAME = 'vigie.name';

/** Who is doing it: the one who signed in, else the name that was typed last on this device. */
export const myName = () => me.user || localStorage.getItem(NAME) || '';
export const keepName = name => localStorage.setItem(NAME, name);

export const acknowledge = (id, note) => send('POST', `api/vigie/alerts/${id}/ack`, {by: myName(), note});
export const withdraw = id => send('DELETE', `api/vigie/alerts/${id}/ack` + query({by: myName()}));
export const note = (id, kind, text) => send('POST', `api/vigie/alerts/${id}/notes`, {kind, text, by: myName()});

/** @param matchers [{name, value, isRegex, isEqual}] */
export function silence(matchers, seconds, comment, untilBack = '') {
  const now = Date.now();
  const body = {
    matchers, comment, createdBy: myName(), untilBack,
    startsAt: new Date(now).toISOString(), endsAt: new Date(now + seconds * 1000).toISOString(),
  };
  return send('POST', 'api/v2/silences', body);
}

export const expire = id => send('DELETE', `api/v2/silence/${id}` + query({by: myName()}));
