/**
 * Owns the durable queue of events: their place on the disk, identity and seq, bounds and gaps.
 * Imports only {@code event}.
 */
@NullMarked
package vigie.agent.spool;

import org.jspecify.annotations.NullMarked;
