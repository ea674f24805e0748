/**
 * Owns the small durable states (alerts, cards, silences): one log of puts and removes under all of
 * them. Imports the packages whose store interfaces it implements.
 */
@NullMarked
package vigie.collector.store.state;

import org.jspecify.annotations.NullMarked;
