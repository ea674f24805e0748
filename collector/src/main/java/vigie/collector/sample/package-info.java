/**
 * Owns samples as they travel: appender, series, staleness, the store's interface. Imports {@code
 * histogram} and {@code label}.
 */
@NullMarked
package vigie.collector.sample;

import org.jspecify.annotations.NullMarked;
