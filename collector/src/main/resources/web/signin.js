// The form that is shown where the collector wants to know who is looking.
import {html, useEffect, useRef} from './vendor/htm-preact.js';
import {signIn} from './api.js';
import {t} from './text.js';
import {useAction} from './parts.js';

export function SignIn({how, done}) {
  const {run, busy, fault} = useAction();
  const first = useRef();
  useEffect(() => first.current?.focus(), []);
  const submit = e => {
    e.preventDefault();
    const form = e.target;
    run(async () => {
      await signIn(form.user.value, form.password.value);
      await done();
    });
  };
  return html`<main class="signin">
    <img src="icon.svg" alt="" width="56" height="56" />
    <h1>Vigie</h1>
    ${how !== 'session'
      ? html`<p>${t.byProxy}</p>`
      : html`<form onSubmit=${submit}>
          <label class="field"><span>${t.user}</span><input name="user" required autocomplete="username" autocapitalize="none" ref=${first} /></label>
          <label class="field"><span>${t.password}</span><input name="password" type="password" required autocomplete="current-password" /></label>
          ${fault && html`<p class="trouble" role="alert">${fault.status === 401 ? t.wrong : fault.message || t.noAnswer}</p>`}
          <button class="primary" disabled=${busy}>${t.signIn}</button>
        </form>`}
  </main>`;
}
