/**
 * Owns drills: events that a person or a timer sends to see the way from an event to a card, the
 * time of each hop, and what came of it. Imports {@code event}, {@code sample}, {@code alert},
 * {@code dispatch} and {@code outbox}, whose hops it watches.
 */
@NullMarked
package vigie.collector.drill;

import org.jspecify.annotations.NullMarked;
