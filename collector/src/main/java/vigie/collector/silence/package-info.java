/**
 * Owns silences: set, found, ended by time, by hand or by a node that is back, and their store's
 * interface. Imports {@code alert} and {@code event}.
 */
@NullMarked
package vigie.collector.silence;

import org.jspecify.annotations.NullMarked;
