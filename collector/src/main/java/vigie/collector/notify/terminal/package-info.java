/**
 * Owns how a card looks on a terminal, for whoever has no Discord at hand. Imports {@code outbox},
 * {@code dispatch}, {@code alert} and {@code event}.
 */
@NullMarked
package vigie.collector.notify.terminal;

import org.jspecify.annotations.NullMarked;
