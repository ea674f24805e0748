/** Owns graphs of series as people see them in a terminal. Imports nothing but {@code sample}. */
@NullMarked
package vigie.collector.graph;

import org.jspecify.annotations.NullMarked;
