/**
 * Owns the alert as it travels: its states, its sink, the store's interface. Imports {@code label}
 * and {@code event}.
 */
@NullMarked
package vigie.collector.alert;

import org.jspecify.annotations.NullMarked;
