/**
 * Owns which alerts hold others back: inhibit rules, and root causes that nodes and what they
 * depend on give. Imports {@code alert} and {@code node}.
 */
@NullMarked
package vigie.collector.inhibit;

import org.jspecify.annotations.NullMarked;
