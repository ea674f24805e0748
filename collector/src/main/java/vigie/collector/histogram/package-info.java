/** Owns native histograms: the value itself, and the arithmetic over them. Imports nothing. */
@NullMarked
package vigie.collector.histogram;

import org.jspecify.annotations.NullMarked;
