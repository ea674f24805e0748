/**
 * Owns reading /proc and /sys: one reader per subject, into buffers that are kept, numbers without
 * metric names. Imports nothing of the agent.
 */
@NullMarked
package vigie.agent.reader;

import org.jspecify.annotations.NullMarked;
