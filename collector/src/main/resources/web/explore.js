import {html} from './vendor/htm-preact.js'; export const Explore = () => html`<p>…</p>`;
