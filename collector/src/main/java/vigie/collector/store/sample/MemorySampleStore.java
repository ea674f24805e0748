package vigie.collector.store.sample;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;

/**
 * Keeps samples in memory, bounded by age, by the number of series and by memory; a restart loses
 * them. An append is a hash look-up and two array stores. What a selector finds is remembered until
 * series come or go, since rules ask for the same again and again.
 */
public final class MemorySampleStore implements SampleStore {
  private static final int MOST_SELECTIONS = 4096;
  private static final int MOST_SERIES = 2_000_000;

  /** What a series takes at most without its packed samples: labels, postings, plain samples. */
  private static final int SERIES_BYTES = 1000 + MemorySeries.MOST_PLAIN_BYTES;

  /** Rules look back this far whatever the memory; the number of series bounds what that takes. */
  private static final long LEAST_KEPT_MILLIS = 600_000;

  /** As Prometheus: a target's own time may be ahead by so much. */
  private static final long MOST_AHEAD_MILLIS = 600_000;

  private final long retentionMillis;
  private final int maxSeries;
  private final long maxBytes;
  private final Clock clock;

  /** What is kept now: less than the retention while that would take too much memory. */
  private volatile long keptMillis;

  private final Map<Labels, MemorySeries> byLabels = new ConcurrentHashMap<>();
  private final AtomicInteger size = new AtomicInteger();

  /** Guards the postings; series have their own locks. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private final Postings postings = new Postings();
  private final Map<List<LabelMatcher>, Selection> selections = new ConcurrentHashMap<>();

  /** Counts changes of the set of series. */
  private final AtomicLong changes = new AtomicLong();

  /** The count at the last change of each metric that has series. */
  private final Map<String, Long> changeOfMetric = new ConcurrentHashMap<>();

  private final AtomicLong nextSweep;
  private final AtomicBoolean sweeping = new AtomicBoolean();
  private final LongAdder packedBytes = new LongAdder();
  private final LongAdder appended = new LongAdder();
  private final LongAdder outOfOrder = new LongAdder();
  private final LongAdder tooOld = new LongAdder();
  private final LongAdder tooFarAhead = new LongAdder();
  private final LongAdder overLimit = new LongAdder();

  private record Selection(long change, List<MemorySeries> series) {}

  /** A store that may take half of the heap, and have as many series as fit into that. */
  public MemorySampleStore(Duration retention, Clock clock, MeterRegistry meters) {
    this(
        retention,
        (int) Math.min(MOST_SERIES, Runtime.getRuntime().maxMemory() / 2 / SERIES_BYTES),
        clock,
        meters);
  }

  /** A store that may take half of the heap. */
  public MemorySampleStore(Duration retention, int maxSeries, Clock clock, MeterRegistry meters) {
    this(retention, maxSeries, Runtime.getRuntime().maxMemory() / 2, clock, meters);
  }

  /**
   * @param retention how old samples may get; zero keeps all
   * @param maxSeries how many series there may be; samples of more are dropped and counted
   * @param maxBytes what series and samples may take, about; beyond it the oldest packed samples go
   *     before their time
   */
  public MemorySampleStore(
      Duration retention, int maxSeries, long maxBytes, Clock clock, MeterRegistry meters) {
    this.retentionMillis = retention.toMillis();
    this.keptMillis = retentionMillis;
    this.maxSeries = maxSeries;
    this.maxBytes = maxBytes;
    this.clock = clock;
    this.nextSweep = new AtomicLong(clock.millis() + sweepEvery());
    Gauge.builder("vigie.series", size, AtomicInteger::get)
        .description("Series in the sample store.")
        .register(meters);
    Gauge.builder("vigie.series.limit", () -> maxSeries)
        .description("How many series there may be.")
        .register(meters);
    Gauge.builder("vigie.samples.packed", packedBytes, LongAdder::sum)
        .description("What packed samples take in memory.")
        .baseUnit("bytes")
        .register(meters);
    Gauge.builder("vigie.samples.kept", this, store -> store.keptMillis / 1000.0)
        .description("How long samples are kept; less than the retention while memory is short.")
        .baseUnit("seconds")
        .register(meters);
    FunctionCounter.builder("vigie.samples.appended", appended, LongAdder::sum)
        .description("Samples taken into the sample store.")
        .register(meters);
    dropped(meters, "out_of_order", outOfOrder);
    dropped(meters, "too_old", tooOld);
    dropped(meters, "too_far_ahead", tooFarAhead);
    dropped(meters, "series_limit", overLimit);
  }

  private static void dropped(MeterRegistry meters, String reason, LongAdder count) {
    FunctionCounter.builder("vigie.samples.dropped", count, LongAdder::sum)
        .description("Samples that the sample store did not take.")
        .tag("reason", reason)
        .register(meters);
  }

  @Override
  public void append(Labels labels, long timeMillis, double value) {
    long now = retentionMillis == 0 ? Long.MAX_VALUE : clock.millis();
    long horizon = horizon();
    if (timeMillis < horizon) {
      tooOld.increment();
      return;
    }
    if (now != Long.MAX_VALUE && timeMillis > now + MOST_AHEAD_MILLIS) {
      tooFarAhead.increment();
      return;
    }
    while (true) {
      MemorySeries series = byLabels.get(labels);
      if (series == null) {
        series = create(labels);
        if (series == null) {
          overLimit.increment();
          return;
        }
      }
      switch (series.append(timeMillis, value, horizon, now)) {
        case APPENDED -> {
          appended.increment();
          return;
        }
        case OUT_OF_ORDER -> {
          outOfOrder.increment();
          return;
        }
        case REMOVED -> byLabels.remove(labels, series);
      }
    }
  }

  private long horizon() {
    if (retentionMillis == 0) {
      return Long.MIN_VALUE;
    }
    long now = clock.millis();
    long untilSweep = nextSweep.get() - now;
    // A clock that was set back must not put the next sweep off.
    boolean due = untilSweep <= 0 || untilSweep > 2 * sweepEvery();
    if (due && sweeping.compareAndSet(false, true)) {
      try {
        sweep(now);
        nextSweep.set(now + sweepEvery());
      } finally {
        sweeping.set(false);
      }
    }
    return now - keptMillis;
  }

  private long sweepEvery() {
    return Math.min(60_000, Math.max(1000, retentionMillis / 64));
  }

  /** The series, new or not; null when there are too many. */
  private @Nullable MemorySeries create(Labels labels) {
    lock.writeLock().lock();
    try {
      MemorySeries known = byLabels.get(labels);
      if (known != null || size.get() >= maxSeries) {
        return known;
      }
      MemorySeries series = new MemorySeries(labels, packedBytes);
      postings.add(series);
      byLabels.put(labels, series);
      size.incrementAndGet();
      changed(labels);
      return series;
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void changed(Labels labels) {
    changeOfMetric.put(labels.metricName(), changes.incrementAndGet());
  }

  /** Keeps less while there is too much, and more again, up to the retention, once there is not. */
  private void sweep(long nowMillis) {
    if (packedBytes.sum() < mostPacked() / 10 * 8) {
      keptMillis = Math.min(retentionMillis, keptMillis + keptMillis / 20);
    }
    boolean removed = expire(nowMillis - keptMillis);
    while (packedBytes.sum() > mostPacked() && keptMillis > LEAST_KEPT_MILLIS) {
      keptMillis = Math.max(LEAST_KEPT_MILLIS, keptMillis - keptMillis / 10);
      removed |= expire(nowMillis - keptMillis);
    }
    if (removed) {
      // What is remembered holds on to series that are gone.
      selections.clear();
    }
  }

  /** What the series themselves leave. */
  private long mostPacked() {
    return Math.max(0, maxBytes - (long) size.get() * SERIES_BYTES);
  }

  /** Removes series whose samples have all expired, and old chunks of others: if any series. */
  private boolean expire(long horizonMillis) {
    boolean removed = false;
    for (MemorySeries series : List.copyOf(byLabels.values())) {
      if (series.expire(horizonMillis)) {
        removed = true;
        lock.writeLock().lock();
        try {
          byLabels.remove(series.labels, series);
          postings.remove(series);
          size.decrementAndGet();
          changed(series.labels);
          if (!postings.has(Labels.NAME, series.labels.metricName())) {
            changeOfMetric.remove(series.labels.metricName());
          }
        } finally {
          lock.writeLock().unlock();
        }
      }
    }
    return removed;
  }

  @Override
  public List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    long from = Math.max(fromMillis, horizon());
    List<MemorySeries> found = find(matchers);
    List<Series> selected = new ArrayList<>(found.size());
    for (MemorySeries series : found) {
      if (series.hasBetween(from, toMillis)) {
        selected.add(new View(series, from, toMillis));
      }
    }
    return selected;
  }

  private List<MemorySeries> find(List<LabelMatcher> matchers) {
    Selection known = selections.get(matchers);
    if (known != null && known.change == changeOf(matchers)) {
      return known.series;
    }
    List<MemorySeries> found;
    long change;
    lock.readLock().lock();
    try {
      change = changeOf(matchers);
      found = List.copyOf(postings.find(matchers));
    } finally {
      lock.readLock().unlock();
    }
    if (selections.size() >= MOST_SELECTIONS) {
      selections.clear();
    }
    selections.put(List.copyOf(matchers), new Selection(change, found));
    return found;
  }

  /** Changes whenever the selector may find something else. */
  private long changeOf(List<LabelMatcher> matchers) {
    for (LabelMatcher matcher : matchers) {
      if (matcher.op() == LabelMatcher.Op.EQUAL && matcher.name().equals(Labels.NAME)) {
        return changeOfMetric.getOrDefault(matcher.value(), 0L);
      }
    }
    return changes.get();
  }

  private record View(MemorySeries series, long from, long to) implements Series {
    @Override
    public Labels labels() {
      return series.labels;
    }

    @Override
    public SampleIterator iterator() {
      return series.iterator(from, to);
    }
  }
}
