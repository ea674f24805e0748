package vigie.collector.notify.discord;

import java.util.regex.Pattern;

/**
 * Takes secrets of Discord's out of a text that a library made: addresses of webhooks and
 * interactions, tokens in headers and in JSON, and whatever has the shape of a bot's token.
 */
public final class DiscordSecrets {
  /** What stands before a token that is no part of it. */
  private static final Pattern AFTER =
      Pattern.compile(
          "((?:webhooks|interactions)/[0-9]+/|\\bBot |token\\\\?\"\\s*:\\s*\\\\?\")[^/\\s?\"\\\\),:]+");

  private static final Pattern BOT_TOKEN =
      Pattern.compile("[A-Za-z0-9_-]{18,}\\.[A-Za-z0-9_-]{4,}\\.[A-Za-z0-9_-]{20,}");

  private DiscordSecrets() {}

  /** The text with {@code ***} in the place of each. */
  public static String mask(String text) {
    return BOT_TOKEN.matcher(AFTER.matcher(text).replaceAll("$1***")).replaceAll("***");
  }
}
