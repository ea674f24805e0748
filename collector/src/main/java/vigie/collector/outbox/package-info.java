/**
 * Owns the wanted state of each card and brings the world to it: retries, waits, rate limits.
 * Imports {@code dispatch} and {@code alert}.
 */
@NullMarked
package vigie.collector.outbox;

import org.jspecify.annotations.NullMarked;
