// The words of the page, in the reader's language.
import en from './text.en.js';
import fr from './text.fr.js';

const all = {en, fr};
const wanted = (navigator.languages ?? [navigator.language]).find(each => all[each.slice(0, 2)]) ?? 'en';

/** As the browser writes it, such as fr-CA: dates follow it too. */
export const language = wanted;
export const t = all[wanted.slice(0, 2)];
