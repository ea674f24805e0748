package vigie.agent.push;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.metric.EachSeries;
import vigie.base.config.Secret;
import vigie.base.http.HttpClient;
import vigie.base.http.HttpReply;
import vigie.base.remotewrite.WriteRequest;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Sends all series by remote write 1.0: reads them at an interval, one request at a time goes out,
 * oldest first. A server that is away, busy (429) or broken (5xx) is asked again, later and later;
 * what it refuses otherwise is given up. A series that is gone gets a stale marker, and so do all
 * when the agent stops.
 */
public final class Push implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Push.class);
  private static final double STALE = Double.longBitsToDouble(0x7ff0000000000002L);
  private static final int MOST_SAMPLES = 5_000;
  private static final long FIRST_PAUSE_MILLIS = 1_000;
  private static final long LONGEST_PAUSE_MILLIS = 60_000;
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(10);
  private static final long STOPPING_MILLIS = 2_000;

  private final PushConfig config;
  private final EachSeries<byte[]> series;
  private final HttpClient client;
  private final Executor thread;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Random random = new Random();
  private final PushMeters meters;
  private final Backlog backlog;
  private final Map<String, String> headers = new HashMap<>();
  private final CountDownLatch stopped = new CountDownLatch(1);

  // What follows is the thread's alone, but what the gauges read.
  private Scheduler.@Nullable Task timer;
  private boolean sending;
  private boolean pausing;
  private boolean stopping;
  private long failures;
  private long lastMillis = Long.MIN_VALUE;
  private String said = "";
  private volatile long pendingBytes;
  private volatile long oldestMillis = Long.MAX_VALUE;

  /**
   * @param node goes out as labels {@code node} and {@code instance}
   * @param software what we call ourselves
   * @param all given what makes something of a series' labels
   * @param thread one thread; reads all metrics, which may take its time
   * @throws UncheckedIOException if the folder cannot be opened
   */
  public Push(
      PushConfig config,
      String node,
      String software,
      Function<Function<NavigableMap<String, String>, byte[]>, EachSeries<byte[]>> all,
      HttpClient client,
      Executor thread,
      FileLayer files,
      Clock clock,
      Scheduler scheduler,
      MeterRegistry registry) {
    this.config = config;
    this.client = client;
    this.thread = thread;
    this.clock = clock;
    this.scheduler = scheduler;
    this.meters = new PushMeters(registry, () -> pendingBytes, this::lagSeconds);
    Map<String, String> added = new HashMap<>(Map.of("job", "agent", "node", node));
    added.put("instance", node);
    added.putAll(config.labels());
    this.series =
        all.apply(
            labels -> {
              added.forEach(labels::putIfAbsent);
              return WriteRequest.labels(labels);
            });
    headers.putAll(WriteRequest.HEADERS);
    headers.put("user-agent", software);
    try {
      var disk = config.spool() == null ? null : DiskQueue.open(config.spool(), files);
      this.backlog = new Backlog(config.maxBytes(), config.maxAge(), disk, meters);
    } catch (IOException e) {
      throw new UncheckedIOException("push.spool: " + e.getMessage(), e);
    }
  }

  /** Begins, at a moment within the interval that differs from node to node. */
  public void start() {
    Duration first = Duration.ofMillis((long) (random.nextDouble() * config.every().toMillis()));
    timer = scheduler.every(first, config.every(), () -> run(this::collect));
  }

  /** Marks all series as ended and sends what waits, as far as two seconds allow. */
  @Override
  public void close() throws IOException {
    if (timer != null) {
      timer.cancel();
    }
    run(this::stop);
    try {
      if (!stopped.await(STOPPING_MILLIS, TimeUnit.MILLISECONDS)) {
        log.warn("samples could not all be pushed in time bytes={}", pendingBytes);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    client.close();
    CountDownLatch closed = new CountDownLatch(1);
    run(
        () -> {
          try {
            backlog.close();
          } catch (IOException e) {
            log.error("push not closed cleanly cause=\"{}\"", e.getMessage());
          } finally {
            closed.countDown();
          }
        });
    try {
      closed.await(STOPPING_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException closing) {
      stopped.countDown();
    }
  }

  private void collect() {
    if (!stopping) {
      read(series::tell, clock.millis());
      send();
    }
  }

  private void stop() {
    stopping = true;
    // Also when the clock went back or stands still: the markers come after all else in any case.
    read(series::end, Math.max(clock.millis(), lastMillis + 1));
    failures = 0;
    pausing = false;
    send();
  }

  private void read(java.util.function.Consumer<EachSeries.Sink<byte[]>> source, long now) {
    boolean steppedBack = now <= lastMillis && lastMillis - now < config.maxAge().toMillis();
    List<byte[]> labels = new ArrayList<>();
    List<Double> values = new ArrayList<>();
    source.accept(
        new EachSeries.Sink<>() {
          @Override
          public void sample(byte[] of, double value) {
            labels.add(of);
            values.add(value);
          }

          @Override
          public void ended(byte[] of) {
            sample(of, STALE);
          }
        });
    if (steppedBack) {
      // A server takes the samples of a series in the order of their time only.
      meters.dropped("clock", values.size());
      return;
    }
    lastMillis = now;
    for (int from = 0; from < values.size(); from += MOST_SAMPLES) {
      int to = Math.min(values.size(), from + MOST_SAMPLES);
      backlog.add(
          new Batch(
              now,
              labels.subList(from, to).toArray(new byte[0][]),
              values.subList(from, to).stream().mapToDouble(Double::doubleValue).toArray()),
          now);
    }
    if (failures > 0) {
      backlog.spill();
    }
    tellPending();
  }

  private void send() {
    if (sending || pausing) {
      return;
    }
    Waiting first = backlog.first(clock.millis());
    tellPending();
    if (first == null) {
      if (stopping) {
        stopped.countDown();
      }
      return;
    }
    Map<String, String> all = new HashMap<>(headers);
    try {
      config.headers().forEach((name, value) -> all.put(name, value.reveal()));
      Secret password = config.password();
      if (password != null) {
        String login = config.user() + ":" + password.reveal();
        byte[] bytes = login.getBytes(StandardCharsets.UTF_8);
        all.put("authorization", "Basic " + Base64.getEncoder().encodeToString(bytes));
      }
    } catch (UncheckedIOException e) {
      failed("password", String.valueOf(e.getMessage()), Duration.ZERO);
      return;
    }
    sending = true;
    client
        .post(all, first.body())
        .whenComplete((reply, failure) -> run(() -> answered(first, reply, failure)));
  }

  private void answered(Waiting sent, @Nullable HttpReply reply, @Nullable Throwable failure) {
    sending = false;
    if (reply == null) {
      failed(
          "connection", failure == null ? "" : String.valueOf(failure.getMessage()), Duration.ZERO);
      return;
    }
    int status = reply.status();
    if (status == 429 || status >= 500) {
      failed(Integer.toString(status), status + " " + line(reply), retryAfter(reply.retryAfter()));
      return;
    }
    if (status / 100 == 2) {
      meters.sent(sent.samples());
      if (!said.isEmpty()) {
        log.info("samples are pushed again url={}", config.url());
        said = "";
      }
    } else {
      // The same request would be refused for ever, and hold up all that come after it.
      meters.dropped("rejected", sent.samples());
      tell("samples refused and dropped", status + " " + line(reply));
    }
    failures = 0;
    backlog.remove(sent);
    send();
  }

  private void failed(String reason, String cause, Duration wanted) {
    meters.retried(reason);
    tell("samples cannot be pushed, they wait", cause);
    failures++;
    backlog.spill();
    tellPending();
    if (stopping) {
      stopped.countDown();
      return;
    }
    long pause = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(10, failures - 1));
    // Half of it by chance: a server that comes back is not asked by all nodes at once.
    long jittered =
        Math.max(wanted.toMillis(), pause / 2 + (long) (random.nextDouble() * pause / 2));
    pausing = true;
    scheduler.after(
        Duration.ofMillis(jittered),
        () ->
            run(
                () -> {
                  pausing = false;
                  send();
                }));
  }

  /** Once for each kind of failure, not for each attempt. */
  private void tell(String what, String cause) {
    String kind = what + cause.replaceAll("[0-9]+", "");
    if (!kind.equals(said)) {
      said = kind;
      log.warn("{} url={} cause=\"{}\"", what, config.url(), cause);
    }
  }

  private Duration retryAfter(String header) {
    Duration wanted = Duration.ZERO;
    try {
      if (!header.isEmpty() && Character.isDigit(header.charAt(0))) {
        wanted = Duration.ofSeconds(Long.parseLong(header.strip()));
      } else if (!header.isEmpty()) {
        var at = ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        wanted = Duration.between(clock.now(), at);
      }
    } catch (DateTimeException | ArithmeticException | NumberFormatException nonsense) {
      return Duration.ZERO;
    }
    return wanted.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : wanted;
  }

  private static String line(HttpReply reply) {
    String text = reply.text().strip();
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }

  private void tellPending() {
    pendingBytes = backlog.bytes();
    oldestMillis = pendingBytes == 0 ? Long.MAX_VALUE : backlog.oldestMillis(Long.MAX_VALUE);
  }

  private double lagSeconds() {
    long oldest = oldestMillis;
    return oldest == Long.MAX_VALUE ? 0 : Math.max(0, clock.millis() - oldest) / 1e3;
  }
}
