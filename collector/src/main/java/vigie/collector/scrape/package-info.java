/**
 * Owns fetching samples from targets: discovery, schedule, the exposition parser, staleness of what
 * vanished. Imports {@code label} and {@code sample}.
 */
@NullMarked
package vigie.collector.scrape;

import org.jspecify.annotations.NullMarked;
