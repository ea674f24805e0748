/**
 * Owns probes: a file per kind, when they run, the state that results, and telling its changes as
 * events. Imports {@code event}.
 */
@NullMarked
package vigie.agent.probe;

import org.jspecify.annotations.NullMarked;
