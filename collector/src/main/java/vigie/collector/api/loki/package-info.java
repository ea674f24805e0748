/**
 * Owns what of Loki's HTTP API Grafana's Explore and log panels need, over the events. Imports
 * {@code event}, {@code label} and {@code promql} (how numbers are written).
 */
@NullMarked
package vigie.collector.api.loki;

import org.jspecify.annotations.NullMarked;
