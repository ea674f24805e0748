/**
 * Owns our own HTTP API under {@code /api/vigie}: alerts in all states, nodes, events, pending
 * cards. Imports what it answers from.
 */
@NullMarked
package vigie.collector.api.vigie;

import org.jspecify.annotations.NullMarked;
