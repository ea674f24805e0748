/**
 * Owns events on disk: the receive log that makes them durable, the SQLite files by day behind it,
 * search and retention. Imports {@code event} and SQLite, which nothing outside {@code store} does.
 */
@NullMarked
package vigie.collector.store.event;

import org.jspecify.annotations.NullMarked;
