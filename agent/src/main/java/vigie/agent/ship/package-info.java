/**
 * Owns the way from the spool to the collector: a RELP client that acknowledges to the spool what
 * the collector has stored. Imports {@code spool}.
 */
@NullMarked
package vigie.agent.ship;

import org.jspecify.annotations.NullMarked;
