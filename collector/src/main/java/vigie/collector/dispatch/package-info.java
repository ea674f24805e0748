/**
 * Owns where an alert goes: the route tree, receivers, groups, and the notification each group
 * wants to be seen; what holds an alert back, and what is told beside it. Imports {@code alert},
 * {@code inhibit}, {@code event}, {@code node} and {@code label}.
 */
@NullMarked
package vigie.collector.dispatch;

import org.jspecify.annotations.NullMarked;
