package vigie.collector.notify.discord;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.collector.card.CardSource;
import vigie.collector.card.Texts;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;
import vigie.collector.notify.discord.CardButton.Action;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.Outcome;

/**
 * Cards of a bot: posted once under a nonce, edited in place, with buttons, and a thread for what
 * happens meanwhile. It needs no gateway: requests go out as a webhook's do, with the bot's token.
 * The token is a secret, read anew before each request. Safe for all threads.
 */
public final class DiscordBot implements Notifier {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int THREAD_MINUTES = 1_440;
  private static final int MOST_KNOWN = 1_000;
  private static final int MOST_LABEL = 80;
  private static final long DISCORD_EPOCH = 1_420_070_400_000L;

  // Source: Discord's JSON error codes.
  private static final int UNKNOWN_CHANNEL = 10003;
  private static final int NO_ACCESS = 50001;
  private static final int NO_PERMISSION = 50013;
  private static final int THREAD_ARCHIVED = 50083;
  private static final int NO_HISTORY = 160002;
  private static final int THREAD_EXISTS = 160004;
  private static final int THREAD_LOCKED = 160005;
  private static final int MOST_THREADS = 160006;

  /** For this long Discord surely remembers a nonce; its words are "the past few minutes". */
  private static final Duration NONCE_WINDOW = Duration.ofMinutes(2);

  private final String name;
  private final DiscordBotConfig config;
  private final DiscordClient client;
  private final Clock clock;
  private final CardSource source;
  private final Texts texts;

  /** Messages that have their thread for sure; a thread's id is that of its message. */
  private final Set<String> threads =
      Collections.newSetFromMap(
          Collections.synchronizedMap(
              new LinkedHashMap<>() {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                  return size() > MOST_KNOWN;
                }
              }));

  /**
   * @param name for messages: the receiver's name
   * @param source of what a card says beside its notification
   */
  public DiscordBot(
      String name,
      DiscordBotConfig config,
      DiscordClient client,
      Clock clock,
      CardSource source,
      Texts texts) {
    this.name = name;
    this.config = config;
    this.client = client;
    this.clock = clock;
    this.source = source;
    this.texts = texts;
  }

  @Override
  public Lane lane() {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(DiscordBotConfig.token(config.token()).getBytes(UTF_8));
      return new Lane(
          config.api(), target(), target() + "#" + HexFormat.of().formatHex(hash, 0, 4));
    } catch (IllegalArgumentException | UncheckedIOException unusable) {
      return new Lane("", "", "no bot token for " + name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("BUG: every JDK has SHA-256", e);
    }
  }

  private String target() {
    return config.api() + "/channels/" + config.channel();
  }

  @Override
  public CompletionStage<Outcome> deliver(Delivery delivery) {
    return DiscordCard.send(honest(delivery), source, texts, card -> deliver(delivery, card));
  }

  private CompletionStage<Outcome> deliver(Delivery delivery, DiscordMessage card) {
    Posted posted = delivery.posted();
    ObjectNode message = card.body();
    config.mentions().ping(message, posted == null ? delivery.ping() : null);
    message.set("components", buttons(delivery));
    if (posted != null) {
      return send("PATCH", messages() + "/" + posted.id(), card)
          .thenApply(sent -> outcome(sent, true, false));
    }
    message.put("nonce", delivery.nonce()).put("enforce_nonce", true);
    // After an answer that was lost the message may be there, with what was wanted then.
    boolean stale = delivery.doubtSince() != null;
    return send("POST", messages(), card).thenApply(sent -> outcome(sent, false, stale));
  }

  /** A nonce keeps a second card away while it is remembered: no need to speak of one. */
  private Delivery honest(Delivery delivery) {
    if (delivery.predecessor() != Predecessor.PERHAPS) {
      return delivery;
    }
    Posted posted = delivery.posted();
    Instant doubt = delivery.doubtSince();
    Instant at = posted == null ? clock.now() : madeAt(posted.id());
    Instant since = doubt != null ? doubt : delivery.wanted().firstChange();
    return Duration.between(since, at).compareTo(NONCE_WINDOW) > 0
        ? delivery
        : new Delivery(
            delivery.wanted(),
            posted,
            Predecessor.NONE,
            delivery.reduction(),
            delivery.nonce(),
            delivery.ping(),
            delivery.standing(),
            doubt);
  }

  /** The time within an id of Discord's; the epoch where it is none. */
  private static Instant madeAt(String snowflake) {
    try {
      return Instant.ofEpochMilli((Long.parseLong(snowflake) >> 22) + DISCORD_EPOCH);
    } catch (NumberFormatException none) {
      return Instant.EPOCH;
    }
  }

  private ArrayNode buttons(Delivery delivery) {
    ArrayNode rows = JSON.arrayNode();
    ArrayNode row = rows.addObject().put("type", 1).putArray("components");
    for (Action action : Action.values()) {
      if (action == Action.SHOW_LOG || !delivery.wanted().isResolved()) {
        String name = action.name().toLowerCase(Locale.ROOT);
        row.addObject()
            .put("type", 2)
            .put("style", action == Action.ACKNOWLEDGE ? 1 : 2)
            .put("label", DiscordText.fitting(texts.word("card.button." + name), MOST_LABEL))
            .put("custom_id", new CardButton(action, delivery.wanted().incident()).customId());
      }
    }
    return rows;
  }

  @Override
  public Set<Message.Kind> tells() {
    return EnumSet.allOf(Message.Kind.class);
  }

  @Override
  public CompletionStage<Outcome> tell(Telling telling) {
    ObjectNode message = DiscordAside.message(telling, "", texts);
    config.mentions().ping(message, telling.message().ping());
    message.put("nonce", telling.nonce()).put("enforce_nonce", true);
    if (telling.message().kind() == Message.Kind.ESCALATION) {
      return reply(telling, message);
    }
    return thread(telling)
        .thenCompose(
            answer ->
                answer.failure() != null
                    ? CompletableFuture.completedFuture(answer.failure())
                    : answer.isThere() ? inThread(telling, message) : reply(telling, message));
  }

  /** In the channel, where all see it, as a reply to the card. */
  private CompletionStage<Outcome> reply(Telling telling, ObjectNode message) {
    message
        .putObject("message_reference")
        .put("message_id", telling.card().id())
        .put("channel_id", config.channel())
        .put("guild_id", config.guild())
        .put("type", 0)
        .put("fail_if_not_exists", false);
    return send("POST", messages(), message)
        .thenCompose(
            sent -> {
              if (!sent.says(NO_HISTORY)) {
                return CompletableFuture.completedFuture(outcome(sent, false, false));
              }
              message.remove("message_reference");
              return send("POST", messages(), message)
                  .thenApply(again -> outcome(again, false, false));
            });
  }

  private CompletionStage<Outcome> inThread(Telling telling, ObjectNode message) {
    String id = telling.card().id();
    return send("POST", config.api() + "/channels/" + id + "/messages", message)
        .thenCompose(
            sent -> {
              if (!sent.says(THREAD_ARCHIVED, THREAD_LOCKED, UNKNOWN_CHANNEL)) {
                return CompletableFuture.completedFuture(outcome(sent, false, false));
              }
              threads.remove(id);
              return reply(telling, message);
            });
  }

  /**
   * What became of a thread.
   *
   * @param isThere whether it can be written to
   * @param failure null where it is there, or where there can be none
   */
  private record Opened(boolean isThere, @Nullable Outcome failure) {}

  /** The thread on the card, made where it is not there yet. */
  private CompletionStage<Opened> thread(Telling telling) {
    String card = telling.card().id();
    if (threads.contains(card)) {
      return CompletableFuture.completedFuture(new Opened(true, null));
    }
    ObjectNode body = JSON.objectNode();
    body.put("name", threadName(telling.wanted()));
    body.put("auto_archive_duration", THREAD_MINUTES);
    return send("POST", messages() + "/" + card + "/threads", body)
        .thenApply(
            sent -> {
              Outcome outcome = outcome(sent, true, false);
              if (outcome instanceof Outcome.Done || sent.says(THREAD_EXISTS)) {
                threads.add(card);
                return new Opened(true, null);
              }
              boolean never = sent.says(MOST_THREADS, NO_ACCESS, NO_PERMISSION);
              return new Opened(false, never ? null : outcome);
            });
  }

  private static String threadName(Notification wanted) {
    String name = DiscordText.plain(wanted.commonLabels().get("alertname"), 60);
    String node = DiscordText.plain(wanted.commonLabels().get("node"), 30);
    String both = name + (name.isEmpty() || node.isEmpty() ? "" : " on ") + node;
    return both.isBlank() ? "incident " + wanted.incident() : both;
  }

  private String messages() {
    return target() + "/messages";
  }

  /** An answer, or why there is none. */
  private record Sent(@Nullable DiscordAnswer answer, @Nullable Outcome failure) {
    boolean says(Integer... codes) {
      return answer != null && Set.of(codes).contains(answer.code());
    }
  }

  private CompletionStage<Sent> send(String method, String address, ObjectNode body) {
    return send(method, address, new DiscordMessage(body, null));
  }

  private CompletionStage<Sent> send(String method, String address, DiscordMessage message) {
    String token;
    try {
      token = DiscordBotConfig.token(config.token());
    } catch (IllegalArgumentException | UncheckedIOException unusable) {
      return failed(Outcome.Later.because(String.valueOf(unusable.getMessage())));
    }
    Duration pause = client.pause();
    if (!pause.isZero()) {
      return failed(DiscordClient.silent(pause));
    }
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address))
            .header("Authorization", "Bot " + token)
            .header("Content-Type", message.contentType())
            .header("User-Agent", DiscordClient.AGENT)
            .method(method, BodyPublishers.ofByteArray(message.bytes()))
            .build();
    return client
        .send(request)
        .handle(
            (answer, failure) ->
                failure == null
                    ? new Sent(answer, null)
                    : new Sent(null, DiscordClient.lost(failure, "Discord")));
  }

  private static CompletionStage<Sent> failed(Outcome outcome) {
    return CompletableFuture.completedFuture(new Sent(null, outcome));
  }

  private Outcome outcome(Sent sent, boolean edit, boolean stale) {
    DiscordAnswer answer = sent.answer();
    if (answer != null) {
      return answer.outcome(target(), answer.reason(hint(answer)), edit, stale);
    }
    return Objects.requireNonNull(sent.failure());
  }

  /** What to do about a refusal, for the operator. */
  private String hint(DiscordAnswer answer) {
    if (answer.status() == 401) {
      return "; put the bot's token into token_file anew (Developer Portal, Bot, Reset Token)";
    }
    if (answer.status() == 403) {
      return "; give the bot its permissions in channel " + config.channel() + " back";
    }
    return answer.code() == UNKNOWN_CHANNEL
        ? "; channel " + config.channel() + " is gone: set another channel_id"
        : "";
  }
}
