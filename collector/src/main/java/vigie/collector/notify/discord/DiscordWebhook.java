package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.Secret;
import vigie.collector.alert.Severity;
import vigie.collector.card.CardSource;
import vigie.collector.card.Texts;
import vigie.collector.dispatch.Message;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.Outcome;

/**
 * Cards through a webhook: posted once, then edited in place. The webhook's address is a secret; it
 * is read anew before each request and shown nowhere, so that failures of the HTTP client are told
 * in our words. Safe for all threads.
 */
public final class DiscordWebhook implements Notifier {
  private static final Logger log = LoggerFactory.getLogger(DiscordWebhook.class);
  private static final String HOST = "the webhook's host";

  private final String name;
  private final Secret url;
  private final DiscordWebhookConfig config;
  private final DiscordClient client;
  private final CardSource source;
  private final Texts texts;

  /** Where each webhook's channel is, for links; one, and more where its file was rotated. */
  private final Map<String, String> places = new ConcurrentHashMap<>();

  /**
   * @param name for messages: the receiver's name
   * @param source of what a card says beside its notification
   */
  public DiscordWebhook(
      String name,
      DiscordWebhookConfig config,
      DiscordClient client,
      CardSource source,
      Texts texts) {
    this.name = name;
    this.url = config.url();
    this.config = config;
    this.client = client;
    this.source = source;
    this.texts = texts;
  }

  @Override
  public Lane lane() {
    try {
      WebhookUrl at = WebhookUrl.parse(url.reveal());
      return new Lane(at.origin(), at.target(), at.lane());
    } catch (IllegalArgumentException | UncheckedIOException unusable) {
      return new Lane("", "", "no webhook URL for " + name);
    }
  }

  @Override
  public CompletionStage<Outcome> deliver(Delivery delivery) {
    Posted posted = delivery.posted();
    // A card that is perhaps there has perhaps pinged.
    boolean pings = posted == null && delivery.predecessor() == Predecessor.NONE;
    return request(
        at ->
            DiscordCard.send(
                delivery,
                source,
                texts,
                message -> {
                  config.mentions().ping(message.body(), pings ? delivery.ping() : null);
                  return send(at, posted, message);
                }));
  }

  @Override
  public Set<Message.Kind> tells() {
    return config.tells();
  }

  /** A message of its own that leads to the card: webhooks have neither replies nor threads. */
  @Override
  public CompletionStage<Outcome> tell(Telling telling) {
    return request(
        at -> {
          String known = places.get(at.lane());
          return known != null ? tell(at, telling, known) : look(at, telling);
        });
  }

  private CompletionStage<Outcome> tell(WebhookUrl at, Telling telling, String place) {
    // A message that was perhaps told has perhaps pinged.
    Severity ping = telling.doubtSince() == null ? telling.message().ping() : null;
    String link = place.isEmpty() ? "" : place + "/" + telling.card().id();
    ObjectNode body = DiscordAside.message(telling, link, texts);
    config.mentions().ping(body, ping);
    return send(at, null, new DiscordMessage(body, null));
  }

  /**
   * Where the channel is for people is asked for once; what fails then comes before the message.
   */
  private CompletionStage<Outcome> look(WebhookUrl at, Telling telling) {
    HttpRequest request =
        HttpRequest.newBuilder(at.self()).header("User-Agent", DiscordClient.AGENT).build();
    return client
        .send(request)
        .handle(
            (answer, failure) -> {
              if (failure != null) {
                return done(Outcome.Later.because(DiscordClient.words(failure, HOST)));
              }
              if (answer.status() / 100 != 2) {
                return done(answer.outcome(at, false));
              }
              String place = at.place(answer.body());
              places.put(at.lane(), place);
              return tell(at, telling, place);
            })
        .thenCompose(Function.identity());
  }

  /** Makes the request, unless the address is unusable or Discord is near to shutting us out. */
  private CompletionStage<Outcome> request(Function<WebhookUrl, CompletionStage<Outcome>> work) {
    WebhookUrl at;
    try {
      at = WebhookUrl.parse(url.reveal());
    } catch (IllegalArgumentException | UncheckedIOException unusable) {
      return done(Outcome.Later.because(String.valueOf(unusable.getMessage())));
    }
    Duration pause = client.pause();
    if (!pause.isZero()) {
      return done(DiscordClient.silent(pause));
    }
    return work.apply(at);
  }

  /**
   * @param edited the message to edit; null to post one
   */
  private CompletionStage<Outcome> send(
      WebhookUrl at, @Nullable Posted edited, DiscordMessage message) {
    HttpRequest request;
    try {
      URI uri = edited == null ? at.create() : at.message(edited.id());
      request =
          HttpRequest.newBuilder(uri)
              .header("Content-Type", message.contentType())
              .header("User-Agent", DiscordClient.AGENT)
              .method(
                  edited == null ? "POST" : "PATCH", BodyPublishers.ofByteArray(message.bytes()))
              .build();
    } catch (IllegalArgumentException impossible) {
      // Quotes the address.
      return done(new Outcome.Stuck("no request can be made of the webhook URL"));
    }
    return client
        .send(request)
        .handle(
            (answer, failure) ->
                failure == null
                    ? answer.outcome(at, edited != null)
                    : DiscordClient.lost(failure, HOST));
  }

  /**
   * Asks for the webhook itself and logs a warning if that fails; a card may go through all the
   * same.
   *
   * @return what was warned of; never fails
   */
  public CompletionStage<Optional<String>> firstLook() {
    return look()
        .thenApply(
            found -> {
              found.ifPresent(
                  cause ->
                      log.warn(
                          "webhook does not answer as it should, cards are tried all the same"
                              + " receiver={} cause={}",
                          name,
                          cause));
              return found;
            });
  }

  private CompletionStage<Optional<String>> look() {
    try {
      WebhookUrl at = WebhookUrl.parse(url.reveal());
      HttpRequest request =
          HttpRequest.newBuilder(at.self()).header("User-Agent", DiscordClient.AGENT).build();
      return client
          .send(request)
          .handle(
              (answer, failure) ->
                  failure != null
                      ? Optional.of(DiscordClient.words(failure, HOST))
                      : answer.status() / 100 == 2
                          ? Optional.empty()
                          : Optional.of(at.mask(answer.reason())));
    } catch (IllegalArgumentException | UncheckedIOException unusable) {
      return CompletableFuture.completedFuture(Optional.of(String.valueOf(unusable.getMessage())));
    }
  }

  private static CompletionStage<Outcome> done(Outcome outcome) {
    return CompletableFuture.completedFuture(outcome);
  }
}
