/**
 * Owns what happened on this node, as it travels: the event, its types, the sink. Imports nothing.
 */
@NullMarked
package vigie.agent.event;

import org.jspecify.annotations.NullMarked;
