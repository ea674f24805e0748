/**
 * Owns Prometheus's HTTP API under {@code /api/v1}, in the answers and errors of Prometheus 3.
 * Imports {@code promql}, {@code rule}, {@code scrape} and {@code sample}.
 */
@NullMarked
package vigie.collector.api.prometheus;

import org.jspecify.annotations.NullMarked;
