package vigie.collector.notify.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpClient;
import vigie.base.http.HttpReply;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.Outcome;

/**
 * Posts each wanted state to Alertmanager's kind of webhook, as a notification of its own. Whoever
 * receives it must bear being told twice: a notification whose answer was lost is posted again. The
 * address may hold a secret: messages name the host alone. Safe for all threads.
 */
public final class Webhook implements Notifier {
  private static final Duration LONGEST_RETRY = Duration.ofHours(1);
  private static final String DELIVERED = "";

  private final String receiver;
  private final WebhookConfig config;
  private final String externalUrl;
  private final EventLoops loops;
  private final Executor blocking;
  private @Nullable URI connectedTo;
  private @Nullable HttpClient client;
  private CompletableFuture<?> last = CompletableFuture.completedFuture(null);

  /**
   * @param receiver its name, which notifications hold
   * @param externalUrl where people reach the collector; may be empty
   * @param blocking runs name lookups
   */
  public Webhook(
      String receiver,
      WebhookConfig config,
      String externalUrl,
      EventLoops loops,
      Executor blocking) {
    this.receiver = receiver;
    this.config = config;
    this.externalUrl = externalUrl;
    this.loops = loops;
    this.blocking = blocking;
  }

  @Override
  public Lane lane() {
    try {
      URI at = WebhookConfig.parse(config.url().reveal());
      String origin = at.getScheme() + "://" + at.getRawAuthority();
      // A hash tells two addresses apart without telling them.
      String name = origin + "#" + Integer.toHexString(at.hashCode()) + " " + receiver;
      return new Lane(origin, origin, name);
    } catch (IllegalArgumentException | UncheckedIOException unusable) {
      return new Lane("", "", "no URL for the webhook of " + receiver);
    }
  }

  @Override
  public boolean edits() {
    return false;
  }

  @Override
  public CompletionStage<Outcome> deliver(Delivery delivery) {
    Notification wanted = delivery.wanted();
    List<Alert> listed = config.sendResolved() ? wanted.alerts() : wanted.in(AlertState.FIRING);
    String target = lane().target();
    if (listed.isEmpty()) {
      return done(new Outcome.Done(new Posted(DELIVERED, target), Duration.ZERO));
    }
    byte[] body =
        WebhookJson.of(
                wanted, receiver, externalUrl, listed, config.maxAlerts(), delivery.reduction())
            .toString()
            .getBytes(UTF_8);
    try {
      URI at = WebhookConfig.parse(config.url().reveal());
      Map<String, String> headers = new LinkedHashMap<>(config.http().requestHeaders());
      headers.put("content-type", "application/json");
      headers.put("user-agent", "vigie");
      return post(at, headers, body)
          .handle(
              (reply, failure) ->
                  reply != null ? outcome(reply, target) : Outcome.Later.because(words(failure)));
    } catch (IllegalArgumentException | UncheckedIOException unusable) {
      return done(Outcome.Later.because(String.valueOf(unusable.getMessage())));
    }
  }

  private static CompletionStage<Outcome> done(Outcome outcome) {
    return CompletableFuture.completedFuture(outcome);
  }

  private synchronized CompletableFuture<HttpReply> post(
      URI at, Map<String, String> headers, byte[] body) {
    CompletableFuture<HttpReply> answer = client(at).post(headers, body);
    last = answer;
    return answer;
  }

  @Override
  public synchronized void close() {
    HttpClient open = client;
    if (open != null) {
      last.whenComplete((answer, failure) -> open.close());
    }
  }

  /** One connection, kept; a new one where the address was changed. */
  private HttpClient client(URI at) {
    HttpClient open = client;
    if (open != null && at.equals(connectedTo)) {
      return open;
    }
    if (open != null) {
      open.close();
    }
    HttpClient made =
        new HttpClient(loops, blocking, Lookup.SYSTEM, at, config.http().tls(), config.timeout());
    client = made;
    connectedTo = at;
    return made;
  }

  private static String words(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return "the webhook does not answer: " + cause.getMessage();
  }

  private static Outcome outcome(HttpReply reply, String target) {
    int status = reply.status();
    if (status / 100 == 2) {
      return new Outcome.Done(new Posted(DELIVERED, target), Duration.ZERO);
    }
    // What it says itself may quote the address.
    String reason = "the webhook answers " + status;
    if (status == 429 || status == 408 || status >= 500) {
      return new Outcome.Later(reason, retryAfter(reply), Outcome.Scope.LANE, false);
    }
    return status == 400 || status == 413 || status == 422
        ? new Outcome.Refused(reason)
        : new Outcome.Stuck(reason + "; look at its URL and its credentials");
  }

  private static @Nullable Duration retryAfter(HttpReply reply) {
    try {
      long seconds = Long.parseLong(reply.retryAfter().strip());
      return seconds < 0 || seconds > LONGEST_RETRY.toSeconds()
          ? null
          : Duration.ofSeconds(seconds);
    } catch (NumberFormatException none) {
      return null;
    }
  }
}
