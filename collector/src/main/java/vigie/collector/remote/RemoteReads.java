package vigie.collector.remote;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpClient;
import vigie.base.http.HttpReply;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.remotewrite.ReadRequest;
import vigie.base.remotewrite.WireHistogram;
import vigie.base.remotewrite.WriteReader;
import vigie.collector.histogram.Histogram;
import vigie.collector.histogram.SentHistogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Coarse;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;

/**
 * A store whose answers go further back than what is kept here: what is older is asked of {@code
 * remote_read}. A source that does not answer makes a warning and no error. Everything but {@link
 * #select} is the own store's.
 */
public final class RemoteReads implements SampleStore {
  private static final int MOST_ANSWER = 64 << 20;
  private static final Map<String, String> HEADERS =
      Map.of(
          "content-type", "application/x-protobuf",
          "content-encoding", "snappy",
          "accept-encoding", "snappy",
          "user-agent", "Vigie",
          "x-prometheus-remote-read-version", "0.1.0");

  private final SampleStore own;
  private final LongSupplier oldestMillis;
  private final EventLoops loops;
  private final Executor blocking;
  private final WriteReader reader;
  private final int mostAnswer;
  private final Counter queries;
  private final Counter failures;
  private volatile List<RemoteReadSource> sources = List.of();

  /**
   * Asks nobody before {@link #configure}.
   *
   * @param oldestMillis from when on samples are kept here
   * @param blocking looks up names and reads certificates
   */
  public RemoteReads(
      SampleStore own,
      LongSupplier oldestMillis,
      EventLoops loops,
      Executor blocking,
      MeterRegistry meters) {
    this.own = own;
    this.oldestMillis = oldestMillis;
    this.loops = loops;
    this.blocking = blocking;
    int bytes = (int) Math.min(256 << 20, Runtime.getRuntime().maxMemory() / 16);
    // Unpacked it may not be larger, so it needs not be while packed.
    this.mostAnswer = Math.min(MOST_ANSWER, bytes);
    this.reader = new WriteReader(new WriteReader.Limits(bytes, 200_000, bytes / 4, 128));
    this.queries =
        Counter.builder("vigie.remote.read.queries")
            .description("Selectors that were asked of a remote_read.")
            .register(meters);
    this.failures =
        Counter.builder("vigie.remote.read.failures")
            .description("Selectors that a remote_read did not answer.")
            .register(meters);
  }

  public void configure(List<RemoteReadSource> all) {
    sources = List.copyOf(all);
  }

  /** Sources have the samples themselves of what is older. */
  @Override
  public boolean hasCoarse(long fromMillis, long toMillis, Coarse wanted) {
    return sources.isEmpty() && own.hasCoarse(fromMillis, toMillis, wanted);
  }

  @Override
  public List<Series> select(
      long fromMillis, long toMillis, List<LabelMatcher> matchers, Coarse wanted) {
    return own.select(fromMillis, toMillis, matchers, wanted);
  }

  @Override
  public SortedSet<Labels> labelSets(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    return own.labelSets(fromMillis, toMillis, matchers);
  }

  @Override
  public SortedSet<String> labelNames(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    return own.labelNames(fromMillis, toMillis, matchers);
  }

  @Override
  public SortedSet<String> labelValues(
      String name, long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    return own.labelValues(name, fromMillis, toMillis, matchers);
  }

  @Override
  public List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    return own.select(fromMillis, toMillis, matchers);
  }

  @Override
  public List<Series> select(
      long fromMillis, long toMillis, List<LabelMatcher> matchers, Consumer<String> warnings) {
    List<Series> ours = own.select(fromMillis, toMillis, matchers);
    List<RemoteReadSource> all = sources;
    if (all.isEmpty()) {
      return ours;
    }
    long keptFrom = oldestMillis.getAsLong();
    Map<Labels, Joined> joined = new TreeMap<>();
    List<Asked> asked = new ArrayList<>();
    for (RemoteReadSource source : all) {
      long to = source.readRecent() ? toMillis : Math.min(toMillis, keptFrom - 1);
      if (fromMillis <= to && isWanted(source, matchers)) {
        asked.add(ask(source, fromMillis, to, matchers));
      }
    }
    for (Asked one : asked) {
      queries.increment();
      try {
        take(one, joined);
      } catch (IOException | UncheckedIOException e) {
        failures.increment();
        warnings.accept("remote_read " + one.source.name() + ": " + e.getMessage());
      }
    }
    if (joined.isEmpty()) {
      return ours;
    }
    for (Series series : ours) {
      joined.computeIfAbsent(series.labels(), Joined::new).ours = series;
    }
    return List.copyOf(joined.values());
  }

  private static boolean isWanted(RemoteReadSource source, List<LabelMatcher> matchers) {
    return source.requiredMatchers().entrySet().stream()
        .allMatch(
            wanted -> matchers.contains(LabelMatcher.equal(wanted.getKey(), wanted.getValue())));
  }

  /** A question that is under way. */
  private record Asked(
      RemoteReadSource source, HttpClient client, CompletableFuture<HttpReply> answer) {}

  private Asked ask(RemoteReadSource source, long from, long to, List<LabelMatcher> matchers) {
    ReadRequest request = new ReadRequest(from, to);
    for (LabelMatcher matcher : matchers) {
      request.matcher(matcher.op().ordinal(), matcher.name(), matcher.value());
    }
    for (int i = 0; i < source.externalLabels().size(); i++) {
      String name = source.externalLabels().name(i);
      if (matchers.stream().noneMatch(matcher -> matcher.name().equals(name))) {
        request.matcher(0, name, source.externalLabels().value(i));
      }
    }
    HttpClient client =
        new HttpClient(
            loops,
            blocking,
            Lookup.SYSTEM,
            source.url(),
            source.http().tls(),
            source.timeout(),
            mostAnswer);
    CompletableFuture<HttpReply> answer;
    try {
      Map<String, String> headers = new LinkedHashMap<>(HEADERS);
      headers.putAll(source.http().requestHeaders());
      answer = client.post(headers, request.take());
    } catch (UncheckedIOException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    return new Asked(source, client, answer);
  }

  private void take(Asked asked, Map<Labels, Joined> joined) throws IOException {
    HttpReply reply;
    try {
      reply = asked.answer.join();
    } catch (CompletionException e) {
      throw new IOException(
          String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()), e);
    } finally {
      asked.client.close();
    }
    if (reply.status() != 200) {
      String first = reply.text().lines().findFirst().orElse("");
      throw new IOException("server returned HTTP status " + reply.status() + " " + first);
    }
    Labels external = asked.source.externalLabels();
    for (WriteReader.Series<List<String>> series : reader.readAnswer(reply.body()).series()) {
      Labels.Builder labels = new Labels.Builder();
      for (int i = 0; i < series.labels().size(); i += 2) {
        labels.set(series.labels().get(i), series.labels().get(i + 1));
      }
      for (int i = 0; i < external.size(); i++) {
        if (labels.get(external.name(i)).equals(external.value(i))) {
          labels.set(external.name(i), "");
        }
      }
      Joined of = joined.computeIfAbsent(labels.build(), Joined::new);
      if (of.times.length == 0) {
        of.take(series);
      }
    }
  }

  @Override
  public void append(Labels labels, long timeMillis, double value) {
    own.append(labels, timeMillis, value);
  }

  @Override
  public void append(Labels labels, long timeMillis, Histogram histogram) {
    own.append(labels, timeMillis, histogram);
  }

  @Override
  public Outcome appendLate(Labels labels, long timeMillis, double value) {
    return own.appendLate(labels, timeMillis, value);
  }

  @Override
  public Outcome appendLate(Labels labels, long timeMillis, Histogram histogram) {
    return own.appendLate(labels, timeMillis, histogram);
  }

  @Override
  public void commit() {
    own.commit();
  }

  /** A series from elsewhere, and from where ours begin on, ours. */
  private static final class Joined implements Series {
    private final Labels labels;
    private long[] times = new long[0];
    private double[] values = new double[0];

    /** Where values are NaN; empty where there are none. */
    private Histogram[] histograms = new Histogram[0];

    private @Nullable Series ours;

    Joined(Labels labels) {
      this.labels = labels;
    }

    /** Numbers and histograms, which stand apart there, in the order of time. */
    void take(WriteReader.Series<List<String>> series) {
      times = series.timestampsMillis();
      values = series.values();
      if (!series.histograms().isEmpty()) {
        mix(series.histograms());
      }
    }

    private void mix(List<WireHistogram> sent) {
      long[] allTimes = new long[times.length + sent.size()];
      double[] allValues = new double[allTimes.length];
      Histogram[] all = new Histogram[allTimes.length];
      int number = 0;
      int next = 0;
      int size = 0;
      while (number < times.length || next < sent.size()) {
        WireHistogram histogram = next < sent.size() ? sent.get(next) : null;
        if (histogram != null
            && (number == times.length || histogram.timestampMillis() <= times[number])) {
          next++;
          try {
            all[size] = SentHistogram.of(histogram);
          } catch (IllegalArgumentException none) {
            continue; // as the receiver of remote write does; the others are good
          }
          allTimes[size] = histogram.timestampMillis();
          allValues[size++] = Double.NaN;
        } else {
          allTimes[size] = times[number];
          allValues[size++] = values[number++];
        }
      }
      times = Arrays.copyOf(allTimes, size);
      values = Arrays.copyOf(allValues, size);
      histograms = Arrays.copyOf(all, size);
    }

    @Override
    public Labels labels() {
      return labels;
    }

    @Override
    public SampleIterator iterator() {
      SampleIterator own = ours == null ? null : ours.iterator();
      boolean begins = own != null && own.next();
      int count = times.length;
      while (begins && own != null && count > 0 && times[count - 1] >= own.time()) {
        count--;
      }
      return new JoinedIterator(times, values, histograms, count, begins ? own : null);
    }
  }

  /** Over arrays, then over what follows, which stands on its first sample. */
  private static final class JoinedIterator implements SampleIterator {
    private final long[] times;
    private final double[] values;
    private final Histogram[] histograms;
    private final int count;
    private final @Nullable SampleIterator then;
    private int at = -1;

    JoinedIterator(
        long[] times,
        double[] values,
        Histogram[] histograms,
        int count,
        @Nullable SampleIterator then) {
      this.times = times;
      this.values = values;
      this.histograms = histograms;
      this.count = count;
      this.then = then;
    }

    @Override
    public boolean next() {
      if (at < count) {
        at++;
        return at < count || then != null;
      }
      return then != null && then.next();
    }

    @Override
    public boolean seek(long timeMillis) {
      at = Math.max(0, at);
      while (at < count && times[at] < timeMillis) {
        at++;
      }
      return at < count || (then != null && then.seek(timeMillis));
    }

    @Override
    public boolean last(long timeMillis) {
      if (then != null && (at >= count || then.time() <= timeMillis)) {
        at = count;
        return then.last(timeMillis);
      }
      int from = Math.max(0, at);
      if (from >= count || times[from] > timeMillis) {
        at = from;
        return false;
      }
      at = from;
      while (at + 1 < count && times[at + 1] <= timeMillis) {
        at++;
      }
      return true;
    }

    @Override
    public long time() {
      return at < count || then == null ? times[at] : then.time();
    }

    @Override
    public double value() {
      return at < count || then == null ? values[at] : then.value();
    }

    @Override
    public @Nullable Histogram histogram() {
      if (at < count || then == null) {
        return at < histograms.length ? histograms[at] : null;
      }
      return then.histogram();
    }
  }
}
