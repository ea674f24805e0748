/** The program: commands, wiring, nothing else. Imports every package. */
@NullMarked
package vigie.agent;

import org.jspecify.annotations.NullMarked;
