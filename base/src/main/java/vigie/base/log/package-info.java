/** Owns the shape of a log line, the same for both programs. Imports nothing. */
@NullMarked
package vigie.base.log;

import org.jspecify.annotations.NullMarked;
