package vigie.collector.notify.discord;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * What all webhooks share: connections, the deadline of a request, and the guard against being shut
 * out. Safe for all threads.
 */
public final class DiscordClient {
  static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final int MOST_ANSWER = 256 << 10;

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
}
