/** Owns the program: commands, configuration as a whole, wiring, threads. Imports everything. */
@NullMarked
package vigie.collector;

import org.jspecify.annotations.NullMarked;
