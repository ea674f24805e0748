/**
 * Owns graphs of series, as a PNG and in a terminal, and the units of their values. Imports nothing
 * but {@code sample}.
 */
@NullMarked
package vigie.collector.graph;

import org.jspecify.annotations.NullMarked;
