/**
 * Owns what is slow to find out and seldom changes: the hardware's identity, and its sensors, disks
 * and batteries on a timer. Imports nothing of the agent.
 */
@NullMarked
package vigie.agent.facts;

import org.jspecify.annotations.NullMarked;
