package vigie.collector.scrape;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.collector.label.Labels;
import vigie.collector.label.Relabel;
import vigie.collector.sample.Appender;
import vigie.collector.sample.Staleness;

/**
 * Fetches one target again and again. {@link #tick} is called at each turn; a turn that comes while
 * a fetch is still under way is skipped. The timeout covers header and body, which is received
 * before it is parsed, so that no thread waits for a target. Parsing runs on the executor, under
 * the loop's lock.
 */
final class ScrapeLoop {
  private static final Logger log = LoggerFactory.getLogger(ScrapeLoop.class);
  private static final String ACCEPT =
      "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";

  private static final int FIRST_BODY = 16 * 1024;
  private static final int LARGE_BODY = 1 << 20;
  private static final long LARGEST_SHIFT_MILLIS = 10;

  private final Target target;
  private final HttpClient http;
  private final Appender samples;
  private final Clock clock;
  private final Executor executor;
  private final ScrapeListener listener;
  private final HttpRequest request;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final SeriesCache cache = new SeriesCache();
  private final Labels up;
  private final Labels duration;
  private final Labels scraped;
  private final Labels kept;
  private final Labels added;
  private byte[] body = new byte[FIRST_BODY];
  private long scrape;

  /** When the last scrape began; whoever ticks is alone. */
  private Instant last = Instant.EPOCH;

  private volatile boolean stopped;
  private @Nullable String lastError;

  ScrapeLoop(
      Target target,
      HttpClient http,
      Appender samples,
      Clock clock,
      Executor executor,
      ScrapeListener listener) {
    this.target = target;
    this.http = http;
    this.samples = samples;
    this.clock = clock;
    this.executor = executor;
    this.listener = listener;
    this.request =
        HttpRequest.newBuilder(target.url())
            .timeout(target.job().timeout())
            .header("Accept", ACCEPT)
            .header("Accept-Encoding", "gzip")
            .header("User-Agent", "Vigie")
            .header(
                "X-Prometheus-Scrape-Timeout-Seconds",
                String.valueOf(target.job().timeout().toMillis() / 1000.0))
            .build();
    this.up = target.labels().with(Labels.NAME, "up");
    this.duration = target.labels().with(Labels.NAME, "scrape_duration_seconds");
    this.scraped = target.labels().with(Labels.NAME, "scrape_samples_scraped");
    this.kept = target.labels().with(Labels.NAME, "scrape_samples_post_metric_relabeling");
    this.added = target.labels().with(Labels.NAME, "scrape_series_added");
  }

  Target target() {
    return target;
  }

  /** Begins a fetch unless one is under way. */
  void tick() {
    if (stopped || !busy.compareAndSet(false, true)) {
      return;
    }
    Instant at = aligned(clock.now());
    long started = clock.nanos();
    // The request's own timeout ends with the answer's header.
    Body received = new Body(target.job().bodyBytes());
    http.sendAsync(request, header -> received)
        .orTimeout(target.job().timeout().toMillis(), TimeUnit.MILLISECONDS)
        .whenCompleteAsync(
            (response, failure) -> {
              received.cancel();
              done(response, failure, at, started);
            },
            executor);
  }

  /**
   * The moment that the interval means where that is but a few milliseconds away: samples at a
   * regular pace take no room for their times.
   */
  private Instant aligned(Instant now) {
    long interval = target.job().interval().toMillis();
    long late = now.toEpochMilli() - last.toEpochMilli();
    long off = Math.floorMod(late + interval / 2, interval) - interval / 2;
    boolean near =
        late > interval / 2 && Math.abs(off) <= Math.min(LARGEST_SHIFT_MILLIS, interval / 100);
    last = near ? Instant.ofEpochMilli(now.toEpochMilli() - off) : now;
    return last;
  }

  private synchronized void done(
      @Nullable HttpResponse<Body> response,
      @Nullable Throwable failure,
      Instant at,
      long started) {
    try {
      if (stopped) {
        return;
      }
      String error = "";
      Counts counts = new Counts();
      try {
        if (response == null) {
          error = words(failure);
        } else {
          error = take(response, at.toEpochMilli(), counts);
        }
      } catch (IOException e) {
        error = words(e);
      } catch (ExpositionParser.ExpositionException e) {
        error = "not an exposition: " + e.getMessage();
      }
      finish(error, at, Duration.ofNanos(clock.nanos() - started), counts);
      if (body.length > LARGE_BODY && !error.isEmpty()) {
        body = new byte[FIRST_BODY]; // what failed is no measure of what comes next
      }
    } catch (RuntimeException e) {
      log.error("scrape failed target={} cause=BUG", target.url(), e);
    } finally {
      busy.set(false);
    }
  }

  /** Appends what the target answered; gives the error in words, {@code ""} if all went well. */
  private String take(HttpResponse<Body> response, long now, Counts counts) throws IOException {
    if (response.statusCode() != 200) {
      return "server returned HTTP status " + response.statusCode();
    }
    boolean gzip = response.headers().firstValue("content-encoding").orElse("").equals("gzip");
    int length = -1;
    if (!response.body().isTooLong()) {
      try (InputStream raw = response.body().open();
          InputStream in = gzip ? new GZIPInputStream(raw, 8192) : raw) {
        length = readAll(in);
      }
    }
    if (length < 0) {
      return "body exceeds body_size_limit of " + target.job().bodyBytes() + " bytes";
    }
    boolean openMetrics =
        response
            .headers()
            .firstValue("content-type")
            .orElse("")
            .startsWith("application/openmetrics-text");
    return append(openMetrics, length, now, counts);
  }

  /** Reads into {@link #body}: how many bytes, -1 if that is more than may be. */
  private int readAll(InputStream in) throws IOException {
    int length = 0;
    while (length <= target.job().bodyBytes()) {
      if (length == body.length) {
        body = Arrays.copyOf(body, body.length * 2);
      }
      int read = in.read(body, length, body.length - length);
      if (read < 0) {
        return length;
      }
      length += read;
    }
    return -1;
  }

  private String append(boolean openMetrics, int length, long now, Counts counts) {
    ExpositionParser parser = new ExpositionParser(openMetrics);
    // Twice over the text: a scrape counts wholly or not at all, and a fault may stand in its last
    // line.
    parser.reset(body, length);
    cache.start();
    scrape++;
    String error = "";
    try {
      while (parser.nextSeries()) {
        SeriesCache.Entry entry = cache.find(parser, body);
        if (entry == null) {
          entry = cache.add(parser.seriesBytes(), labelled(parser.labels()));
          counts.added += entry.labels == null ? 0 : 1;
        }
        parser.readSample();
        counts.scraped++;
        counts.kept += entry.labels == null ? 0 : 1;
      }
      if (target.job().sampleLimit() > 0 && counts.kept > target.job().sampleLimit()) {
        error =
            "sample limit exceeded: "
                + counts.kept
                + " samples, sample_limit is "
                + target.job().sampleLimit();
      }
    } catch (ExpositionParser.ExpositionException e) {
      error = "not an exposition: " + e.getMessage();
    }
    if (!error.isEmpty()) {
      counts.kept = 0;
      return error;
    }
    parser.reset(body, length);
    cache.start();
    while (parser.nextSeries()) {
      SeriesCache.Entry entry = cache.find(parser, body);
      if (entry == null) {
        throw new IllegalStateException("BUG: a series of the first pass is unknown in the second");
      }
      parser.readSample();
      entry.seen = scrape;
      entry.timed = parser.timed() && target.job().honorTimestamps();
      if (entry.labels != null) {
        samples.append(entry.labels, entry.timed ? parser.timeMillis() : now, parser.value());
      }
    }
    cache.removeUnseen(scrape, entry -> markStale(entry, now));
    return "";
  }

  private @Nullable Labels labelled(Labels scrapedLabels) {
    Labels.Builder labels = scrapedLabels.toBuilder();
    Labels own = target.labels();
    for (int i = 0; i < own.size(); i++) {
      String name = own.name(i);
      String given = labels.get(name);
      if (target.job().honorLabels()) {
        if (given.isEmpty()) {
          labels.set(name, own.value(i));
        }
      } else {
        if (!given.isEmpty()) {
          labels.set("exported_" + name, given);
        }
        labels.set(name, own.value(i));
      }
    }
    return Relabel.apply(target.job().metricRelabels(), labels.build());
  }

  private void markStale(SeriesCache.Entry entry, long now) {
    if (entry.labels != null && !entry.timed) {
      samples.append(entry.labels, now, Staleness.MARKER);
    }
  }

  private void finish(String error, Instant at, Duration took, Counts counts) {
    long now = at.toEpochMilli();
    boolean well = error.isEmpty();
    if (!well) {
      scrape++;
      cache.start();
      cache.removeUnseen(scrape, entry -> markStale(entry, now));
    }
    samples.append(up, now, well ? 1 : 0);
    samples.append(duration, now, took.toNanos() / 1e9);
    samples.append(scraped, now, counts.scraped);
    samples.append(kept, now, counts.kept);
    samples.append(added, now, counts.added);
    target.record(
        new Target.LastScrape(
            well ? Target.Health.UP : Target.Health.DOWN, at, took, error, counts.scraped));
    if (lastError == null ? !well : !lastError.equals(error)) {
      if (well) {
        log.info("target up again url={}", target.url());
      } else {
        log.warn("target down url={} cause=\"{}\"", target.url(), error);
      }
    }
    lastError = well ? null : error;
    listener.onScrape(target, well);
  }

  /** Ends the loop: everything that the target gave is stale from now on. */
  void stop() {
    stopped = true;
    executor.execute(this::markAllStale);
  }

  private synchronized void markAllStale() {
    long now = clock.millis();
    cache.start();
    cache.removeUnseen(++scrape, entry -> markStale(entry, now));
    for (Labels own : List.of(up, duration, scraped, kept, added)) {
      samples.append(own, now, Staleness.MARKER);
    }
  }

  private String words(@Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof HttpTimeoutException || cause instanceof TimeoutException) {
      return "timeout after " + Durations.format(target.job().timeout());
    }
    if (cause instanceof ConnectException) {
      Throwable why = cause.getCause();
      if (why instanceof java.nio.channels.UnresolvedAddressException) {
        return "name does not resolve: " + target.url().getHost();
      }
      return "connection refused or unreachable";
    }
    return cause == null
        ? "no answer"
        : cause.getClass().getSimpleName() + ": " + cause.getMessage();
  }

  private static final class Counts {
    int scraped;
    int kept;
    int added;
  }
}
