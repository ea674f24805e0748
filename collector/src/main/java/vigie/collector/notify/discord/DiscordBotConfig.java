package vigie.collector.notify.discord;

import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import vigie.base.config.Secret;
import vigie.base.config.Section;
import vigie.collector.dispatch.Integration;

/**
 * One member of {@code discord_bot_configs}: a channel in which a bot shows cards and listens.
 *
 * @param token the bot's, read anew before each request
 * @param guild id of the server
 * @param channel id of the text channel
 * @param mentions whom a new card pings
 * @param allowedRoles ids of the roles whose members may use buttons and commands; the guild's own
 *     id is everybody
 * @param api where the bot's requests go, without a slash at the end
 * @param gateway where the bot listens; {@code ""} for Discord's
 */
public record DiscordBotConfig(
    Secret token,
    String guild,
    String channel,
    MentionRoles mentions,
    Set<String> allowedRoles,
    String api,
    String gateway)
    implements Integration {
  /** The API's version that the cards are made for. */
  public static final String API = "https://discord.com/api/v10";

  private static final Pattern ID = Pattern.compile("[0-9]{1,20}");
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._-]{1,200}");
  private static final List<String> NOT_OURS = List.of("bot_token", "webhook_url");

  public DiscordBotConfig {
    allowedRoles = Set.copyOf(allowedRoles);
  }

  /** Reads a section; what can't be used is a fault, what is unusual a warning. */
  public static DiscordBotConfig read(Section section) {
    Secret token = section.secret("token", false);
    if (token == null && !section.has("token")) {
      section.fault(
          "discord_bot_configs needs token_file, a file that holds the bot's token"
              + " (Developer Portal, Bot, Reset Token)");
    }
    section.refuse(NOT_OURS, "is not a key of discord_bot_configs; use token_file");
    String guild = id(section, "guild_id", "the server's id");
    String channel = id(section, "channel_id", "the text channel's id");
    List<String> allowed = section.strings("allowed_roles");
    checkIds(section, "allowed_roles", allowed);
    if (!section.has("allowed_roles")) {
      section.fault(
          "discord_bot_configs needs allowed_roles, the ids of roles whose members may acknowledge"
              + " and silence; the server's own id is everybody");
    }
    MentionRoles mentions = MentionRoles.read(section);
    String api = url(section, "api_url", API, "http");
    String gateway = url(section, "gateway_url", "", "ws");
    section.end();
    Secret given = token == null ? Secret.of("") : token;
    if (token != null) {
      try {
        token(given);
      } catch (IllegalArgumentException wrong) {
        section.fault("token_file", String.valueOf(wrong.getMessage()));
      } catch (UncheckedIOException unreadable) {
        // It may come later, such as a credential that is mounted: cards wait for it.
        section.warn("token_file", String.valueOf(unreadable.getMessage()));
      }
    }
    return new DiscordBotConfig(given, guild, channel, mentions, Set.copyOf(allowed), api, gateway);
  }

  private static String id(Section section, String key, String what) {
    String id = section.string(key, "");
    if (!ID.matcher(id).matches()) {
      section.fault(
          key,
          "discord_bot_configs needs "
              + key
              + ", "
              + what
              + ": a number (switch on Discord's developer mode, then Copy ID)");
    }
    return id;
  }

  /** Adds a fault for each that is no id. */
  static void checkIds(Section section, String key, List<String> ids) {
    for (String id : ids) {
      if (!ID.matcher(id).matches()) {
        section.fault(key, "\"" + id + "\" is not the id of a role: a number, not a name");
      }
    }
  }

  /** For tests and for proxies. */
  private static String url(Section section, String key, String otherwise, String scheme) {
    String text = section.string(key, otherwise);
    if (text.isEmpty() || text.equals(otherwise)) {
      return otherwise;
    }
    try {
      URI uri = new URI(text);
      String given = String.valueOf(uri.getScheme());
      boolean fits = given.equals(scheme) || given.equals(scheme + "s");
      if (fits && uri.getHost() != null && uri.getRawUserInfo() == null) {
        section.warn(key, key + " is at " + uri.getHost() + ", which is not Discord");
        return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
      }
    } catch (URISyntaxException noUrl) {
      // Told below.
    }
    section.fault(key, key + " must begin with " + scheme + ":// or " + scheme + "s:// and a host");
    return otherwise;
  }

  /**
   * The token as it is now. What is wrong with it is said here, since libraries quote it.
   *
   * @throws IllegalArgumentException if it can be none; quotes nothing of it
   * @throws UncheckedIOException if its file cannot be read
   */
  public static String token(Secret secret) {
    String token = secret.reveal().strip();
    if (token.regionMatches(true, 0, "Bot ", 0, 4)) {
      throw new IllegalArgumentException(
          "the bot's token stands there with \"Bot\" before it; take that out");
    }
    if (!TOKEN.matcher(token).matches()) {
      throw new IllegalArgumentException(
          "the bot's token holds letters that no token has, or nothing; copy it anew from Discord's"
              + " Developer Portal (Bot, Reset Token)");
    }
    return token;
  }

  /** Whether a member with these roles may use buttons and commands. */
  public boolean allows(Set<String> roles) {
    return allowedRoles.contains(guild) || roles.stream().anyMatch(allowedRoles::contains);
  }

  @Override
  public boolean edits() {
    return true;
  }
}
