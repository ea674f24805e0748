/**
 * Owns Alertmanager's HTTP API under {@code /api/v2}: alerts, groups, receivers, status. Imports
 * {@code alert} and {@code dispatch}.
 */
@NullMarked
package vigie.collector.api.alertmanager;

import org.jspecify.annotations.NullMarked;
