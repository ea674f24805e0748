/**
 * Owns where an alert goes: the route tree, receivers, groups, and the notification each group
 * wants to be seen. Imports {@code alert}, {@code event} and {@code label}.
 */
@NullMarked
package vigie.collector.dispatch;

import org.jspecify.annotations.NullMarked;
