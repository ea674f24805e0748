/**
 * Owns the alert as it travels: its states, its sink, who acknowledged it, what happened to it,
 * what other servers post, the stores' interfaces. Imports {@code label} and {@code event}.
 */
@NullMarked
package vigie.collector.alert;

import org.jspecify.annotations.NullMarked;
