/**
 * Owns Alertmanager's HTTP API under {@code /api/v2}: alerts, groups, silences, receivers, status.
 * Imports {@code alert}, {@code silence} and {@code dispatch}.
 */
@NullMarked
package vigie.collector.api.alertmanager;

import org.jspecify.annotations.NullMarked;
