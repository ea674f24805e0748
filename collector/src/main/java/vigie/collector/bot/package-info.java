/**
 * Owns what people do in Discord: buttons of cards and slash commands, and the bot's connection.
 * Imports what the APIs do, {@code notify.discord} and {@code graph}.
 */
@NullMarked
package vigie.collector.bot;

import org.jspecify.annotations.NullMarked;
