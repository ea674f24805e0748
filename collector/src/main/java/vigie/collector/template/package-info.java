/**
 * Owns the subset of Go's templates that Prometheus's annotations and our cards use: parsed once,
 * executed within limits. Imports {@code label}; what a query answers is given through {@link
 * vigie.collector.template.Query}.
 */
@NullMarked
package vigie.collector.template;

import org.jspecify.annotations.NullMarked;
