import {html} from './vendor/htm-preact.js'; export const Silences = () => html`<p>…</p>`;
