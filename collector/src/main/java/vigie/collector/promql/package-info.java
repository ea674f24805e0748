/**
 * Owns PromQL as Prometheus 3 speaks it: lexer, parser, typed tree, evaluation over a {@code
 * SampleStore}. Imports {@code sample} and {@code label}.
 */
@NullMarked
package vigie.collector.promql;

import org.jspecify.annotations.NullMarked;
