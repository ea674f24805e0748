/**
 * Owns what a card says, whatever draws it: its facts, its words in a language, the templates that
 * make them a text, its picture, and what changed on the node before. Imports {@code dispatch},
 * {@code alert}, {@code event}, {@code rule}, {@code promql}, {@code template}, {@code graph}.
 */
@NullMarked
package vigie.collector.card;

import org.jspecify.annotations.NullMarked;
