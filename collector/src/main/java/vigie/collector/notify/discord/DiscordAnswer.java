package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.collector.outbox.Notifier.Posted;
import vigie.collector.outbox.Outcome;

/**
 * One answer of Discord, sorted by what to do next. Sources: Discord's documentation of HTTP and
 * JSON error codes and of rate limits.
 */
record DiscordAnswer(int status, HttpHeaders headers, JsonNode body) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
  private static final Duration LONGEST_RETRY = Duration.ofHours(24);

  /** Limits that come as 400 or 403 with a code of their own. */
  private static final Set<Integer> LIMITS = Set.of(20028, 20029, 30046, 40062, 130000);

  /** Too many edits of one message that is older than an hour. */
  private static final int OLD_MESSAGE_EDITS = 30046;

  private static final int UNKNOWN_MESSAGE = 10008;
  private static final Set<Integer> THREAD_CLOSED = Set.of(50083, 160005);

  /** Answers of proxies before Discord that say nothing about what Discord did. */
  private static final Set<Integer> LOST_BEHIND = Set.of(502, 504, 520, 522, 523, 524);

  static DiscordAnswer of(int status, HttpHeaders headers, byte[] body) {
    JsonNode node;
    try {
      node = MAPPER.readTree(body);
    } catch (IOException noJson) {
      node = MissingNode.getInstance();
    }
    return new DiscordAnswer(status, headers, node == null ? MissingNode.getInstance() : node);
  }

  /** Whether Discord counts it towards shutting the address out. */
  boolean isInvalid() {
    return status == 401
        || status == 403
        || (status == 429 && !"shared".equals(header("X-RateLimit-Scope")));
  }

  Outcome outcome(WebhookUrl url, boolean edit) {
    return outcome(url.target(), url.mask(reason()), edit, false);
  }

  /**
   * @param reason in words, for anything but success
   * @param stale see {@link Outcome.Done}
   */
  Outcome outcome(String target, String reason, boolean edit, boolean stale) {
    if (status / 100 == 2) {
      Posted posted = new Posted(body.path("id").asText(), target);
      return new Outcome.Done(posted, pause(), header("X-RateLimit-Bucket"), stale);
    }
    int code = code();
    if (status == 429 || LIMITS.contains(code)) {
      return new Outcome.Later(reason, retryAfter(), scope(code), false);
    }
    if (status >= 500 || status == 408) {
      boolean perhaps = LOST_BEHIND.contains(status);
      return new Outcome.Later(reason, retryAfter(), Outcome.Scope.LANE, perhaps);
    }
    if (status == 404 && edit && (code == UNKNOWN_MESSAGE || code == 0)) {
      return new Outcome.Gone(reason);
    }
    if (THREAD_CLOSED.contains(code)) {
      return new Outcome.Stuck(reason);
    }
    return status == 400 || status == 413 || status == 422
        ? new Outcome.Refused(reason)
        : new Outcome.Stuck(reason);
  }

  /** In words, with what Discord says itself, which is for people and may be anything. */
  String reason() {
    return reason(hint());
  }

  /** The same with another word on what to do. */
  String reason(String hint) {
    String said = body.path("message").asText();
    StringBuilder reason = new StringBuilder("Discord answers ").append(status);
    if (code() != 0) {
      reason.append(" code ").append(code());
    }
    if (!said.isEmpty()) {
      reason.append(" (").append(DiscordText.code(said, 120)).append(')');
    }
    return reason.append(hint).toString();
  }

  private String hint() {
    if (status == 401 || (status == 404 && code() != UNKNOWN_MESSAGE)) {
      return "; make a new webhook and put its URL where the old one stands";
    }
    if (status == 403) {
      return "; give the webhook's channel back its permissions";
    }
    return status / 100 == 3 ? "; use the address it redirects to" : "";
  }

  /** Discord's own number for what is wrong; 0 for none. */
  int code() {
    return body.path("code").asInt(0);
  }

  /** The last request that the bucket allowed was this one: wait until it is full again. */
  private Duration pause() {
    Duration wait = seconds(header("X-RateLimit-Reset-After"));
    return "0".equals(header("X-RateLimit-Remaining")) && wait != null
        ? shorter(wait, LONGEST_PAUSE)
        : Duration.ZERO;
  }

  /** The longer of header (whole seconds) and body (with decimals). */
  private @Nullable Duration retryAfter() {
    Duration header = seconds(header("Retry-After"));
    JsonNode said = body.path("retry_after");
    Duration named = said.isNumber() ? seconds(said.asText()) : null;
    if (header == null && named == null) {
      // A wall before Discord, which shuts the whole address out, names no time.
      return status == 429 ? LONGEST_PAUSE : null;
    }
    Duration longer =
        header == null || (named != null && named.compareTo(header) > 0) ? named : header;
    return longer == null ? null : shorter(longer, LONGEST_RETRY);
  }

  private Outcome.Scope scope(int code) {
    if (code == OLD_MESSAGE_EDITS) {
      return Outcome.Scope.CARD;
    }
    if (status != 429) {
      return Outcome.Scope.LANE;
    }
    boolean everywhere =
        body.path("global").asBoolean()
            || "true".equalsIgnoreCase(header("X-RateLimit-Global"))
            || header("Via").isEmpty();
    return everywhere ? Outcome.Scope.ORIGIN : Outcome.Scope.BUCKET;
  }

  private String header(String name) {
    return headers.firstValue(name).orElse("").strip();
  }

  private static @Nullable Duration seconds(String text) {
    try {
      double seconds = Double.parseDouble(text.toLowerCase(Locale.ROOT));
      return seconds >= 0 && seconds < 1e9
          ? Duration.ofNanos((long) Math.ceil(seconds * 1e9))
          : null;
    } catch (NumberFormatException none) {
      return null;
    }
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
