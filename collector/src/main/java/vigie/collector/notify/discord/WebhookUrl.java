package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A webhook's address. Whoever has it can post, so that it is shown nowhere: {@link #toString} and
 * all messages leave the token out, and {@link #mask} takes it out of texts from outside.
 */
final class WebhookUrl {
  private static final Set<String> DISCORD_HOSTS =
      Set.of("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com");
  private static final String WANTED =
      "; expected https://discord.com/api/webhooks/ID/TOKEN as Discord shows it"
          + " (Edit channel, Integrations, Webhooks)";
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9._~-]+");
  private static final Pattern VERSION = Pattern.compile("v[0-9]{1,3}");
  private static final Pattern THREAD = Pattern.compile("thread_id=[0-9]{1,20}");

  private final String origin;
  private final String path;
  private final String id;
  private final String token;
  private final @Nullable String thread;
  private final List<String> warnings;

  private WebhookUrl(
      String origin,
      String path,
      String id,
      String token,
      @Nullable String thread,
      List<String> warnings) {
    this.origin = origin;
    this.path = path;
    this.id = id;
    this.token = token;
    this.thread = thread;
    this.warnings = warnings;
  }

  /**
   * Any http or https address with the path {@code /api[/vN]/webhooks/ID/TOKEN}.
   *
   * @throws IllegalArgumentException that says what is wrong and quotes nothing of it
   */
  static WebhookUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text.strip());
    } catch (URISyntaxException quotesItAll) {
      throw new IllegalArgumentException("the webhook URL is no URL" + WANTED);
    }
    String scheme = String.valueOf(uri.getScheme());
    if (!scheme.equals("https") && !scheme.equals("http")) {
      throw new IllegalArgumentException(
          "the webhook URL begins with neither https nor http" + WANTED);
    }
    if (uri.getHost() == null || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "the webhook URL must have a host, no user and no fragment" + WANTED);
    }
    String path = String.valueOf(uri.getRawPath());
    String[] parts =
        (path.endsWith("/") ? path.substring(0, path.length() - 1) : path).split("/", -1);
    boolean versioned = parts.length == 6 && VERSION.matcher(parts[2]).matches();
    int at = versioned ? 3 : 2;
    if (parts.length != at + 3
        || !parts[1].equals("api")
        || !parts[at].equals("webhooks")
        || !WORD.matcher(parts[at + 1]).matches()
        || !WORD.matcher(parts[at + 2]).matches()) {
      throw new IllegalArgumentException(
          "the path of the webhook URL is not /api/webhooks/ID/TOKEN" + WANTED);
    }
    String query = uri.getRawQuery();
    if (query != null && !THREAD.matcher(query).matches()) {
      throw new IllegalArgumentException(
          "of the query of the webhook URL only thread_id=NUMBER is used; take the rest out");
    }
    String host = uri.getHost();
    boolean discord = DISCORD_HOSTS.contains(host);
    // Without a version Discord answers as version 6 did, whose waits are in milliseconds.
    String version = versioned ? "/" + parts[2] : discord ? "/v10" : "";
    return new WebhookUrl(
        scheme + "://" + uri.getRawAuthority(),
        "/api" + version + "/webhooks/" + parts[at + 1] + "/" + parts[at + 2],
        parts[at + 1],
        parts[at + 2],
        query,
        warnings(scheme, host, discord));
  }

  private static List<String> warnings(String scheme, String host, boolean discord) {
    if (!discord) {
      return List.of("the webhook URL is at " + host + ", which is not Discord");
    }
    return scheme.equals("https")
        ? List.of()
        : List.of("the webhook URL is plain http: anybody on the way can read it and post");
  }

  /** What a careful reader of the configuration should know. */
  List<String> warnings() {
    return warnings;
  }

  /** Scheme, host and port. */
  String origin() {
    return origin;
  }

  /** Where its messages are, without the secret. */
  String target() {
    return origin + "/webhooks/" + id + (thread == null ? "" : "?" + thread);
  }

  /** The target with a mark that changes with the token and does not tell it. */
  String lane() {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
      return target() + "#" + HexFormat.of().formatHex(hash, 0, 4);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("BUG: every JDK has SHA-256", e);
    }
  }

  /** The webhook itself. */
  URI self() {
    return URI.create(origin + path);
  }

  /** Where a message is posted; the answer then is the message. */
  URI create() {
    return URI.create(origin + path + "?wait=true" + (thread == null ? "" : "&" + thread));
  }

  /**
   * Where a message is edited.
   *
   * @throws IllegalArgumentException if the id is none
   */
  URI message(String messageId) {
    if (!WORD.matcher(messageId).matches()) {
      throw new IllegalArgumentException("the message's id is not one");
    }
    return URI.create(
        origin + path + "/messages/" + messageId + (thread == null ? "" : "?" + thread));
  }

  /**
   * The channel's address for people; {@code ""} where it is not known.
   *
   * @param webhook Discord's answer at {@link #self}
   */
  String place(JsonNode webhook) {
    String guild = webhook.path("guild_id").asText();
    String channel =
        thread == null
            ? webhook.path("channel_id").asText()
            : thread.substring(thread.indexOf('=') + 1);
    return WORD.matcher(guild).matches() && WORD.matcher(channel).matches()
        ? "https://discord.com/channels/" + guild + "/" + channel
        : "";
  }

  /** The text with the token taken out. */
  String mask(String text) {
    return text.replace(token, "***");
  }

  @Override
  public String toString() {
    return "<secret>";
  }
}
