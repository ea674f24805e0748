package vigie.collector.scrape;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.http.HttpClient;
import vigie.base.http.HttpReply;
import vigie.base.time.Clock;
import vigie.collector.histogram.Histogram;
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
  private static final int MOST_UNTAKEN = 1000;
  private static final int FIRST_BODY = 16 * 1024;
  private static final byte[] NO_BODY = new byte[0];
  private static final int LARGE_BODY = 1 << 20;
  private static final long LARGEST_SHIFT_MILLIS = 10;

  private final Target target;
  private final Fetcher fetcher;
  private final Map<String, String> headers;
  private final Appender samples;
  private final Clock clock;
  private final Executor executor;
  private final ScrapeListener listener;
  private final Queue<byte[]> bodies;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final SeriesCache cache = new SeriesCache();
  private final Labels up;
  private final Labels duration;
  private final Labels scraped;
  private final Labels kept;
  private final Labels added;

  /** Lent while an answer is unpacked: hundreds of targets are not to keep one each. */
  private byte[] body = NO_BODY;

  private long scrape;

  /** How many series the last good scrape had. */
  private int taken;

  /** What loops before this one showed last; checked against what the next scrape shows. */
  private List<Labels> inherited = List.of();

  /** When the last scrape began, for its samples; whoever ticks is alone to set it. */
  private volatile Instant last = Instant.EPOCH;

  private volatile boolean stopped;

  /** Why nothing is fetched; {@code ""} where it is. */
  private volatile String refusal = "";

  private @Nullable String lastError;

  /**
   * @param bodies free arrays, which all loops share
   */
  ScrapeLoop(
      Target target,
      Discovery.Tools tools,
      Appender samples,
      Clock clock,
      Executor executor,
      ScrapeListener listener,
      Queue<byte[]> bodies) {
    this.target = target;
    this.samples = samples;
    this.clock = clock;
    this.executor = executor;
    this.listener = listener;
    this.bodies = bodies;
    ScrapeConfig job = target.job();
    this.fetcher =
        new Fetcher(
            tools, target.url(), job.http(), target.timeout(), (int) job.limits().bodyBytes());
    this.headers = new LinkedHashMap<>();
    headers.put("accept", ScrapeProtocol.accept(job.protocols(), job.escaping()));
    headers.put("accept-encoding", job.compressed() ? "gzip" : "identity");
    headers.put("x-prometheus-scrape-timeout-seconds", Fetcher.seconds(target.timeout()));
    this.up = target.labels().with(Labels.NAME, "up");
    this.duration = target.labels().with(Labels.NAME, "scrape_duration_seconds");
    this.scraped = target.labels().with(Labels.NAME, "scrape_samples_scraped");
    this.kept = target.labels().with(Labels.NAME, "scrape_samples_post_metric_relabeling");
    this.added = target.labels().with(Labels.NAME, "scrape_series_added");
  }

  Target target() {
    return target;
  }

  /** Fetches no more but says why, until that is empty. */
  void refuse(String why) {
    refusal = why;
  }

  /** Begins a fetch unless one is under way. */
  void tick() {
    if (stopped || !busy.compareAndSet(false, true)) {
      return;
    }
    Instant at = aligned(clock.now());
    long started = clock.nanos();
    if (!refusal.isEmpty()) {
      executor.execute(() -> done(null, null, at, started));
      return;
    }
    fetcher
        .get(headers)
        .whenCompleteAsync((reply, failure) -> done(reply, failure, at, started), executor);
  }

  /**
   * The moment that the interval means where that is but a few milliseconds away: samples at a
   * regular pace take no room for their times.
   */
  private Instant aligned(Instant now) {
    long interval = target.interval().toMillis();
    long late = now.toEpochMilli() - last.toEpochMilli();
    long off = Math.floorMod(late + interval / 2, interval) - interval / 2;
    boolean near =
        late > interval / 2 && Math.abs(off) <= Math.min(LARGEST_SHIFT_MILLIS, interval / 100);
    last = near ? Instant.ofEpochMilli(now.toEpochMilli() - off) : now;
    return last;
  }

  private synchronized void done(
      @Nullable HttpReply reply, @Nullable Throwable failure, Instant at, long started) {
    try {
      if (stopped) {
        return;
      }
      String error;
      Counts counts = new Counts();
      try {
        if (reply == null) {
          error = refusal.isEmpty() ? words(failure) : refusal;
        } else {
          error = take(reply, at.toEpochMilli(), counts);
        }
      } catch (IOException e) {
        error = words(e);
      }
      finish(error, at, Duration.ofNanos(clock.nanos() - started), counts);
    } catch (RuntimeException e) {
      log.error("scrape failed target={} cause=BUG", target.url(), e);
    } finally {
      if (body.length > 0 && body.length <= LARGE_BODY) {
        bodies.offer(body);
      }
      body = NO_BODY;
      busy.set(false);
    }
  }

  /** Appends what the target answered; gives the error in words, {@code ""} if all went well. */
  private String take(HttpReply reply, long now, Counts counts) throws IOException {
    if (reply.status() != 200) {
      return "server returned HTTP status " + reply.status();
    }
    String type = reply.header("content-type");
    ScrapeProtocol protocol = ScrapeProtocol.ofContentType(type);
    if (protocol == null) {
      protocol = target.job().fallback();
    }
    if (protocol == null) {
      return "content-type is \""
          + type
          + "\", which is no exposition, and no fallback_scrape_protocol is set";
    }
    byte[] text = reply.body();
    int length = text.length;
    if (reply.header("content-encoding").equals("gzip")) {
      try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(text), 8192)) {
        length = readAll(in);
      }
      if (length < 0) {
        return tooLarge();
      }
      text = body;
    }
    return append(protocol, text, length, now, counts);
  }

  private String tooLarge() {
    return "body exceeds body_size_limit of " + target.job().limits().bodyBytes() + " bytes";
  }

  /** Reads into {@link #body}: how many bytes, -1 if that is more than may be. */
  private int readAll(InputStream in) throws IOException {
    byte[] free = bodies.poll();
    body = free == null ? new byte[FIRST_BODY] : free;
    int length = 0;
    while (length <= target.job().limits().bodyBytes()) {
      if (length == body.length) {
        long most = target.job().limits().bodyBytes() + 1;
        body = Arrays.copyOf(body, (int) Math.min(most, body.length * 2L));
      }
      int read = in.read(body, length, body.length - length);
      if (read < 0) {
        return length;
      }
      length += read;
    }
    return -1;
  }

  private String append(ScrapeProtocol protocol, byte[] text, int length, long now, Counts counts) {
    Exposition parser =
        protocol == ScrapeProtocol.PROTOBUF
            ? new ProtobufExposition(target.job().histograms())
            : new ExpositionParser(protocol.isOpenMetrics());
    String error = appendOrSay(parser, text, length, now, counts);
    if (counts.added > 0 || target.metadata().isEmpty()) {
      target.record(parser.metadata(target.metadata()));
    }
    return error;
  }

  private String appendOrSay(Exposition parser, byte[] text, int length, long now, Counts counts) {
    // Twice over the text: a scrape counts wholly or not at all, and a fault may stand in its last
    // line.
    try {
      String error = count(parser, text, length, counts);
      if (!error.isEmpty()) {
        return error;
      }
    } catch (ExpositionException e) {
      return "not an exposition: " + e.getMessage();
    }
    boolean times = target.job().honorTimestamps();
    parser.reset(text, length);
    cache.start();
    scrape++;
    while (parser.nextSeries()) {
      SeriesCache.Entry entry = cache.find(parser);
      if (entry == null) {
        throw new IllegalStateException("BUG: a series of the first pass is unknown in the second");
      }
      parser.readSample();
      boolean timed = times && parser.timed();
      boolean again = entry.seen == scrape && !timed;
      entry.seen = scrape;
      entry.live = !timed || target.job().trackTimestampsStaleness();
      if (entry.labels != null && !again) {
        long time = timed ? parser.timeMillis() : now;
        Histogram histogram = parser.histogram();
        if (histogram != null) {
          samples.append(entry.labels, time, histogram);
        } else {
          samples.append(entry.labels, time, parser.value());
        }
      }
    }
    cache.removeUnseen(scrape, entry -> markStale(entry, now));
    taken = cache.size();
    return "";
  }

  /** Goes over the text without taking anything of it; gives what is wrong with it. */
  private String count(Exposition parser, byte[] text, int length, Counts counts) {
    long most = target.job().limits().samples();
    parser.reset(text, length);
    cache.start();
    while (parser.nextSeries()) {
      SeriesCache.Entry entry = cache.find(parser);
      boolean isNew = entry == null;
      if (entry == null) {
        counts.scraped++;
        Labels labels = labelled(parser.labels(), parser.emptyNames());
        String fault = labels == null ? "" : fault(labels);
        if (!fault.isEmpty()) {
          return fault;
        }
        counts.scraped--;
        entry = cache.add(parser.seriesBytes(), labels);
      }
      parser.readSample();
      counts.scraped++;
      counts.kept += entry.labels == null ? 0 : 1;
      counts.added += isNew && entry.labels != null && (most == 0 || counts.kept <= most) ? 1 : 0;
    }
    return most > 0 && counts.kept > most
        ? "sample limit exceeded: " + counts.kept + " samples, sample_limit is " + most
        : "";
  }

  private @Nullable Labels labelled(Labels scrapedLabels, List<String> emptyNames) {
    Labels.Builder labels = scrapedLabels.toBuilder();
    Labels own = target.labels();
    List<String> renamed = new ArrayList<>(0);
    for (int i = 0; i < own.size(); i++) {
      String name = own.name(i);
      String given = labels.get(name);
      if (target.job().honorLabels()) {
        // A label that is there and empty says that there is to be none, as a federated one does.
        if (given.isEmpty() && !emptyNames.contains(name)) {
          labels.set(name, own.value(i));
        }
        continue;
      }
      if (!given.isEmpty()) {
        renamed.add(name);
      }
      labels.set(name, own.value(i));
    }
    // As Prometheus does it, for their names are in people's rules: the shortest first.
    renamed.sort(Comparator.comparingInt(String::length));
    for (String name : renamed) {
      String exported = "exported_" + name;
      while (!labels.get(exported).isEmpty()) {
        exported = "exported_" + exported;
      }
      labels.set(exported, scrapedLabels.get(name));
    }
    return Relabel.apply(target.job().metricRelabels(), labels.build());
  }

  /** Why the labels are none, or too many or too long; {@code ""} where they are good. */
  private String fault(Labels labels) {
    String metric = labels.metricName();
    if (metric.isEmpty()) {
      return "a series has no __name__ after metric_relabel_configs";
    }
    ScrapeConfig.Limits limits = target.job().limits();
    if (target.job().legacyNames() || limits.limitLabels()) {
      String shown = metric.length() > 50 ? metric.substring(0, 50) : metric;
      if (limits.labels() > 0 && labels.size() > limits.labels()) {
        return "label_limit exceeded (metric: "
            + shown
            + ", number of labels: "
            + labels.size()
            + ", limit: "
            + limits.labels()
            + ")";
      }
      for (int i = 0; i < labels.size(); i++) {
        String fault = fault(labels.name(i), labels.value(i), limits);
        if (!fault.isEmpty()) {
          return fault + " (metric: " + shown + ")";
        }
      }
    }
    return "";
  }

  private String fault(String name, String value, ScrapeConfig.Limits limits) {
    String checked = name.equals(Labels.NAME) ? value.replace(':', '_') : name;
    if (target.job().legacyNames() && !isLegacy(checked)) {
      return "\"" + checked + "\" is no name under metric_name_validation_scheme legacy";
    }
    if (limits.labelNameLength() > 0 && bytes(name) > limits.labelNameLength()) {
      return "label_name_length_limit exceeded (label: " + name + ", " + bytes(name) + " bytes)";
    }
    if (limits.labelValueLength() > 0 && bytes(value) > limits.labelValueLength()) {
      return "label_value_length_limit exceeded (label: " + name + ", " + bytes(value) + " bytes)";
    }
    return "";
  }

  private static int bytes(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
  }

  private static boolean isLegacy(String name) {
    return !(name.charAt(0) >= '0' && name.charAt(0) <= '9')
        && name.chars().allMatch(c -> c == '_' || (c < 128 && Character.isLetterOrDigit(c)));
  }

  private void markStale(SeriesCache.Entry entry, long now) {
    if (entry.labels != null && entry.live) {
      samples.append(entry.labels, now, Staleness.MARKER);
    }
    entry.live = false;
  }

  private void finish(String error, Instant at, Duration took, Counts counts) {
    long now = at.toEpochMilli();
    boolean well = error.isEmpty();
    endInherited(now);
    if (!well) {
      // They stay known: what comes back is not new. But scrapes that fail again and again, and
      // show other series each time, are not to fill the memory.
      cache.forEach(entry -> markStale(entry, now));
      if (cache.size() > 2L * taken + MOST_UNTAKEN) {
        cache.removeUnseen(scrape, entry -> {});
      }
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

  /**
   * Goes on for a loop that scraped what has the same labels, and ends that: its series go on, but
   * for those that the next scrape does not show.
   */
  void inherit(ScrapeLoop ended) {
    ended.close();
    executor.execute(() -> inherit(ended.live()));
  }

  private synchronized List<Labels> live() {
    List<Labels> live = new ArrayList<>(inherited);
    cache.forEach(
        entry -> {
          if (entry.live && entry.labels != null) {
            live.add(entry.labels);
          }
        });
    return live;
  }

  private synchronized void inherit(List<Labels> live) {
    List<Labels> all = new ArrayList<>(inherited);
    all.addAll(live);
    inherited = all;
  }

  private void endInherited(long now) {
    if (inherited.isEmpty()) {
      return;
    }
    Set<Labels> shown = new HashSet<>();
    cache.forEach(
        entry -> {
          if (entry.seen == scrape && entry.labels != null) {
            shown.add(entry.labels);
          }
        });
    for (Labels labels : inherited) {
      if (!shown.contains(labels)) {
        samples.append(labels, now, Staleness.MARKER);
      }
    }
    inherited = List.of();
  }

  /** Ends the loop: everything that the target gave is stale from now on. */
  void stop() {
    close();
    executor.execute(this::markAllStale);
  }

  /** Ends the loop, and nothing more. */
  void close() {
    stopped = true;
    fetcher.close();
  }

  private synchronized void markAllStale() {
    // Behind the last samples, which may have a time a little later than they came.
    long ahead = last.toEpochMilli() + 1 - clock.millis();
    long now = clock.millis() + (ahead > 0 && ahead <= LARGEST_SHIFT_MILLIS + 1 ? ahead : 0);
    inherited.forEach(labels -> samples.append(labels, now, Staleness.MARKER));
    inherited = List.of();
    cache.forEach(entry -> markStale(entry, now));
    for (Labels own : List.of(up, duration, scraped, kept, added)) {
      samples.append(own, now, Staleness.MARKER);
    }
  }

  private String words(@Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof HttpClient.TooLargeException ? tooLarge() : Fetcher.words(cause);
  }

  private static final class Counts {
    int scraped;
    int kept;
    int added;
  }
}
