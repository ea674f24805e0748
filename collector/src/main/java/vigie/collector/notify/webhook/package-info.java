/**
 * Owns Alertmanager's webhook: notifications as JSON, version 4, posted to any address. Imports
 * {@code outbox}, {@code dispatch} and {@code alert}.
 */
@NullMarked
package vigie.collector.notify.webhook;

import org.jspecify.annotations.NullMarked;
