/** Owns time: the one clock, the scheduler, and Prometheus durations. Imports nothing. */
@NullMarked
package vigie.base.time;

import org.jspecify.annotations.NullMarked;
