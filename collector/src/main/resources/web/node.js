import {html} from './vendor/htm-preact.js'; export const Node = () => html`<p>…</p>`;
