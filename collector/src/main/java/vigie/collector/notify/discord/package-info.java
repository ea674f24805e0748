/**
 * Owns how a card looks in Discord and how one request to Discord went. Imports {@code outbox},
 * {@code dispatch}, {@code alert} and {@code event}.
 */
@NullMarked
package vigie.collector.notify.discord;

import org.jspecify.annotations.NullMarked;
