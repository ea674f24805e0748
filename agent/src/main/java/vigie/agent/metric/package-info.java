/**
 * Owns the names: one file per subject that gives readings the metric names, types, labels and
 * units of node_exporter, joined as one collector of the Prometheus registry. Imports {@code
 * reader}, {@code facts} and {@code probe}.
 */
@NullMarked
package vigie.agent.metric;

import org.jspecify.annotations.NullMarked;
