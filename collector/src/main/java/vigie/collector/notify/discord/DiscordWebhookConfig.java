package vigie.collector.notify.discord;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import vigie.base.config.ConfigException;
import vigie.base.config.Secret;
import vigie.base.config.Section;
import vigie.collector.dispatch.Integration;
import vigie.collector.dispatch.Message;

/**
 * One member of {@code discord_configs}.
 *
 * @param url the webhook's address, read anew before each request
 * @param mentions whom cards and escalations ping
 * @param tells which messages are posted beside the card; escalations always are
 */
public record DiscordWebhookConfig(Secret url, MentionRoles mentions, Set<Message.Kind> tells)
    implements Integration {
  private static final String KEY = "webhook_url";
  private static final String VARIABLE = "DISCORD_WEBHOOK_URL";
  private static final List<String> NOT_OURS =
      List.of("title", "message", "content", "username", "avatar_url", "http_config");

  public DiscordWebhookConfig {
    tells = Set.copyOf(tells);
  }

  /** One that pings nobody. */
  public DiscordWebhookConfig(Secret url) {
    this(url, MentionRoles.NONE, Set.of(Message.Kind.ESCALATION));
  }

  /** Reads a section; what can't be used is a fault, what is unusual a warning. */
  public static DiscordWebhookConfig read(Section section) {
    Secret url = section.secret(KEY, true);
    String key = section.has(KEY + "_file") ? KEY + "_file" : KEY;
    if (url == null && !section.has(key)) {
      section.fault("discord_configs needs webhook_url_file, a file that holds the webhook's URL");
    }
    for (String other : NOT_OURS) {
      if (section.has(other)) {
        section.fault(other, other + " is not supported: the card has its own layout; take it out");
      }
    }
    if (!section.bool("send_resolved", true)) {
      section.fault(
          "send_resolved", "send_resolved can't be false: the card is edited to resolved");
    }
    MentionRoles mentions = MentionRoles.read(section);
    Set<Message.Kind> tells = tells(section);
    section.end();
    Secret given = url == null ? Secret.of("") : url;
    if (url != null) {
      check(given, section, key);
    }
    return new DiscordWebhookConfig(given, mentions, tells);
  }

  private static Set<Message.Kind> tells(Section section) {
    Set<Message.Kind> kinds = EnumSet.of(Message.Kind.ESCALATION);
    for (String word : section.strings("messages")) {
      try {
        kinds.add(Message.Kind.valueOf(word.toUpperCase(Locale.ROOT)));
      } catch (IllegalArgumentException unknown) {
        section.fault(
            "messages",
            "messages takes resolved, event, ack, note and history, not \"" + word + "\"");
      }
    }
    return kinds;
  }

  private static void check(Secret url, Section section, String key) {
    try {
      WebhookUrl.parse(url.reveal()).warnings().forEach(warning -> section.warn(key, warning));
    } catch (IllegalArgumentException wrong) {
      section.fault(key, String.valueOf(wrong.getMessage()));
    } catch (UncheckedIOException unreadable) {
      // It may come later, such as a credential that is mounted: cards wait for it.
      section.warn(key, String.valueOf(unreadable.getMessage()));
    }
  }

  /**
   * The webhook that {@code DISCORD_WEBHOOK_URL_FILE} or {@code DISCORD_WEBHOOK_URL} names; empty
   * where neither is set.
   *
   * @throws ConfigException if it is set and wrong
   */
  public static Optional<DiscordWebhookConfig> of(Map<String, String> environment) {
    String file = environment.getOrDefault(VARIABLE + "_FILE", "");
    String value = environment.getOrDefault(VARIABLE, "");
    if (file.isEmpty() && value.isEmpty()) {
      return Optional.empty();
    }
    String name = file.isEmpty() ? VARIABLE : VARIABLE + "_FILE";
    Secret url = file.isEmpty() ? Secret.of(value) : Secret.inFile(Path.of(file));
    try {
      WebhookUrl.parse(url.reveal());
    } catch (IllegalArgumentException | UncheckedIOException wrong) {
      throw new ConfigException("environment variable " + name + ": " + wrong.getMessage());
    }
    return Optional.of(new DiscordWebhookConfig(url));
  }

  @Override
  public boolean edits() {
    return true;
  }
}
