/** Owns DNS messages: a query written, an answer read, records as text. Imports nothing. */
@NullMarked
package vigie.base.dns;

import org.jspecify.annotations.NullMarked;
