/**
 * Owns what the agent answers over HTTP: {@code /metrics} in the formats of Prometheus, health
 * pages and the start page. Imports {@code metric} and {@code probe}.
 */
@NullMarked
package vigie.agent.expose;

import org.jspecify.annotations.NullMarked;
