package vigie.collector.scrape;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpClient;
import vigie.base.http.HttpClientSettings;
import vigie.base.http.HttpReply;
import vigie.base.time.Durations;

/**
 * Gets one URL again and again, one request at a time, and follows where the server sends it to:
 * ten times at most, and without credentials to another host.
 */
final class Fetcher implements AutoCloseable {
  private static final int MOST_REDIRECTS = 10;

  private final Discovery.Tools tools;
  private final URI url;
  private final HttpClientSettings settings;
  private final Duration timeout;
  private final int mostBytes;
  private final HttpClient client;

  Fetcher(
      Discovery.Tools tools,
      URI url,
      HttpClientSettings settings,
      Duration timeout,
      int mostBytes) {
    this.tools = tools;
    this.url = url;
    this.settings = settings;
    this.timeout = timeout;
    this.mostBytes = mostBytes;
    this.client = clientOf(url, timeout);
  }

  private HttpClient clientOf(URI at, Duration within) {
    return new HttpClient(
        tools.loops(), tools.blocking(), tools.lookup(), at, settings.tls(), within, mostBytes);
  }

  /**
   * The answer, which may be of any status; fails with an {@code IOException} in words. All
   * redirects together have the time of one request.
   */
  CompletableFuture<HttpReply> get(Map<String, String> headers) {
    long began = tools.clock().nanos();
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("user-agent", "Vigie");
    if (!settings.readsFiles()) {
      return get(all, settings.requestHeaders(), began);
    }
    try {
      // Not on the caller's thread: it has other targets, and the file may be on a slow disk.
      return CompletableFuture.supplyAsync(settings::requestHeaders, tools.blocking())
          .thenCompose(secrets -> get(all, secrets, began));
    } catch (RejectedExecutionException full) {
      return failed("no thread left to read secrets");
    }
  }

  private CompletableFuture<HttpReply> get(
      Map<String, String> all, Map<String, String> secrets, long began) {
    Map<String, String> withSecrets = new LinkedHashMap<>(all);
    withSecrets.putAll(secrets);
    CompletableFuture<HttpReply> first = client.get(withSecrets);
    if (!settings.followRedirects()) {
      return first;
    }
    return first.thenCompose(reply -> follow(reply, url, all, withSecrets, MOST_REDIRECTS, began));
  }

  private CompletableFuture<HttpReply> follow(
      HttpReply reply,
      URI from,
      Map<String, String> headers,
      Map<String, String> withSecrets,
      int left,
      long began) {
    String location = reply.header("location");
    boolean redirect =
        switch (reply.status()) {
          case 301, 302, 303, 307, 308 -> !location.isEmpty();
          default -> false;
        };
    if (!redirect) {
      return CompletableFuture.completedFuture(reply);
    }
    if (left == 0) {
      return failed("stopped after " + MOST_REDIRECTS + " redirects");
    }
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      return failed("redirected to what is no URL");
    }
    if (to.getRawAuthority() == null
        || !("http".equals(to.getScheme()) || "https".equals(to.getScheme()))) {
      return failed("redirected to what is no URL");
    }
    boolean same =
        String.valueOf(to.getRawAuthority()).equals(url.getRawAuthority())
            && String.valueOf(to.getScheme()).equals(url.getScheme());
    Duration within = timeout.minusNanos(tools.clock().nanos() - began);
    if (within.toMillis() <= 0) {
      return failed("no answer within " + Durations.format(timeout));
    }
    // The first connection is free again, but another host needs another one.
    HttpClient next = clientOf(to, within);
    return next.get(same ? withSecrets : headers)
        .whenComplete((done, failure) -> next.close())
        .thenCompose(further -> follow(further, to, headers, withSecrets, left - 1, began));
  }

  private static CompletableFuture<HttpReply> failed(String why) {
    return CompletableFuture.failedFuture(new IOException(why));
  }

  /** As Go prints it: {@code 10}, {@code 0.5}. */
  static String seconds(Duration duration) {
    return new BigDecimal(duration.toMillis())
        .movePointLeft(3)
        .stripTrailingZeros()
        .toPlainString();
  }

  /** What went wrong, in words. */
  static String words(@Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause == null ? "no answer" : String.valueOf(cause.getMessage());
  }

  @Override
  public void close() {
    client.close();
  }
}
