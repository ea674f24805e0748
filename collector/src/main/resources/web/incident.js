import {html} from './vendor/htm-preact.js'; export const Incident = () => html`<p>…</p>`;
