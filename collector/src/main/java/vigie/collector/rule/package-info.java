/**
 * Owns rules: files in Prometheus's grammar, their evaluation at intervals and on events, the state
 * of alerts over reloads and restarts, unit tests in promtool's format. Imports {@code promql},
 * {@code sample}, {@code event}, {@code template} and {@code alert}.
 */
@NullMarked
package vigie.collector.rule;

import org.jspecify.annotations.NullMarked;
