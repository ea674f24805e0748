/** The program: commands, wiring, nothing else. Imports every package. */
@NullMarked
package vigie.collector;

import org.jspecify.annotations.NullMarked;
