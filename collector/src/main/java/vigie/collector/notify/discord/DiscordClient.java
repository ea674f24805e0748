package vigie.collector.notify.discord;

import java.io.ByteArrayOutputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.outbox.Outcome;

/**
 * What all webhooks and bots share: connections, the deadline of a request, and the guard against
 * being shut out. Safe for all threads.
 */
public final class DiscordClient {
  static final String AGENT = "DiscordBot (vigie, 0.1) Vigie";
  static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final int MOST_ANSWER = 256 << 10;

  /** JDK 17 keeps an idle connection for 20 minutes; routers and walls forget it long before. */
  private static final String KEEP_ALIVE = "jdk.httpclient.keepalive.timeout";

  static {
    // A post on a forgotten connection is lost after 10 s and in doubt, and then pings nobody.
    if (System.getProperty(KEEP_ALIVE) == null) {
      System.setProperty(KEEP_ALIVE, "20");
    }
  }

  private final HttpClient http;
  private final Clock clock;
  private final Scheduler scheduler;
  private final BanGuard guard = new BanGuard();

  /**
   * @param executor runs what the HTTP client does; must not block for long
   * @param scheduler ends requests that nobody answers
   */
  public DiscordClient(Executor executor, Clock clock, Scheduler scheduler) {
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
            .executor(executor)
            .build();
    this.clock = clock;
    this.scheduler = scheduler;
  }

  /** How long to send nothing at all. */
  Duration pause() {
    return guard.pause(clock.nanos());
  }

  /** Fails with {@link TimeoutException} after 10 seconds, otherwise as the HTTP client fails. */
  CompletionStage<DiscordAnswer> send(HttpRequest request) {
    // HttpRequest's own timeout ends with the head of the answer; a body can hang, too.
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    CompletableFuture<HttpResponse<Void>> exchange =
        http.sendAsync(
            request,
            BodyHandlers.ofByteArrayConsumer(
                part ->
                    part.ifPresent(
                        bytes -> {
                          if (body.size() + bytes.length <= MOST_ANSWER) {
                            body.writeBytes(bytes);
                          }
                        })));
    CompletableFuture<DiscordAnswer> answer = new CompletableFuture<>();
    Scheduler.Task deadline =
        scheduler.after(
            DEADLINE,
            () -> {
              answer.completeExceptionally(new TimeoutException());
              exchange.cancel(true);
            });
    exchange.whenComplete(
        (response, failure) -> {
          deadline.cancel();
          if (failure != null) {
            answer.completeExceptionally(failure);
            return;
          }
          DiscordAnswer read =
              DiscordAnswer.of(response.statusCode(), response.headers(), body.toByteArray());
          if (read.isInvalid()) {
            guard.count(clock.nanos());
          }
          answer.complete(read);
        });
    return answer;
  }

  /** What to say where {@link #pause} is not over. */
  static Outcome silent(Duration pause) {
    String reason = "too many refusals by Discord: silent before it shuts this address out";
    return new Outcome.Later(reason, pause, Outcome.Scope.ORIGIN, false);
  }

  /** Before the connection stands nothing was sent; after that anything may have happened. */
  static Outcome lost(Throwable failure, String host) {
    boolean never =
        has(failure, ConnectException.class)
            || has(failure, HttpConnectTimeoutException.class)
            || has(failure, UnresolvedAddressException.class)
            || has(failure, SSLException.class);
    return new Outcome.Later(words(failure, host), null, Outcome.Scope.LANE, !never);
  }

  /** Never the exception's own message: some quote the whole address. The host in words. */
  static String words(Throwable failure, String host) {
    if (has(failure, UnresolvedAddressException.class)) {
      return "the name of " + host + " is unknown";
    }
    if (has(failure, HttpConnectTimeoutException.class)) {
      return "no connection to " + host + " within 5s";
    }
    if (has(failure, ConnectException.class)) {
      return "connection to " + host + " refused";
    }
    if (has(failure, SSLException.class)) {
      return "no TLS with " + host;
    }
    if (has(failure, TimeoutException.class)) {
      return "no answer within " + DEADLINE.toSeconds() + "s";
    }
    return "connection lost before the whole answer was there";
  }

  private static boolean has(Throwable failure, Class<? extends Throwable> kind) {
    int depth = 0;
    for (Throwable t = failure; t != null && depth < 10; t = t.getCause(), depth++) {
      if (kind.isInstance(t)) {
        return true;
      }
    }
    return false;
  }
}
