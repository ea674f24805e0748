/**
 * Owns remote write: the series of {@code /metrics} sent to a server that cannot fetch them, and
 * what waits while it is away. Imports {@code metric}.
 */
@NullMarked
package vigie.agent.push;

import org.jspecify.annotations.NullMarked;
