/**
 * Owns what is known of each node: when it was last heard, and that it fell silent or came back.
 * Imports {@code event} and {@code sample}.
 */
@NullMarked
package vigie.collector.node;

import org.jspecify.annotations.NullMarked;
