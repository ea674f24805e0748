package vigie.collector.store.sample;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;

/**
 * The series and samples in memory. An append is a hash look-up and two array stores. What a
 * selector finds is remembered until series come or go, since rules ask for the same again and
 * again. Safe for all threads.
 */
final class Head {
  /** What a series takes at most without its chunks: labels, postings, plain samples. */
  static final int SERIES_BYTES = 1500;

  private static final int MOST_SELECTIONS = 4096;
  private static final int LONGEST_LABELS = 32 << 10;

  /** As Prometheus: a target's own time may be ahead by so much. */
  private static final long MOST_AHEAD_MILLIS = 600_000;

  private final int maxSeries;
  private final long lateMillis;
  private final LongSupplier nowMillis;

  /** Told of what changes; null where nothing is kept, and while the log itself is read. */
  private volatile @Nullable Wal wal;

  /** Nothing older is taken. */
  private volatile long horizon = Long.MIN_VALUE;

  private final Map<Labels, HeadSeries> byLabels = new ConcurrentHashMap<>();
  private final AtomicInteger size = new AtomicInteger();
  private final LongAdder packedBytes = new LongAdder();

  /** Guards the postings; series have their own locks. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private final Postings postings = new Postings();
  private final Map<List<LabelMatcher>, Selection> selections = new ConcurrentHashMap<>();

  /** Counts changes of the set of series. */
  private final AtomicLong changes = new AtomicLong();

  /** The count at the last change of each metric that has series. */
  private final Map<String, Long> changeOfMetric = new ConcurrentHashMap<>();

  private record Selection(long change, List<HeadSeries> series) {}

  /**
   * @param maxSeries how many series there may be
   * @param lateMillis how late samples may come at least
   * @param nowMillis wall time; samples must not lie far ahead of it
   */
  Head(int maxSeries, long lateMillis, LongSupplier nowMillis) {
    this.maxSeries = maxSeries;
    this.lateMillis = lateMillis;
    this.nowMillis = nowMillis;
  }

  void logTo(@Nullable Wal newWal) {
    wal = newWal;
  }

  @Nullable Wal wal() {
    return wal;
  }

  long horizon() {
    return horizon;
  }

  /** From now on nothing older is taken. */
  void setHorizon(long millis) {
    horizon = millis;
  }

  int size() {
    return size.get();
  }

  int maxSeries() {
    return maxSeries;
  }

  /** What series and samples take, about. */
  long sizeBytes() {
    return packedBytes.sum() + (long) size.get() * SERIES_BYTES;
  }

  void packed(int bytes) {
    packedBytes.add(bytes);
  }

  Outcome append(Labels labels, long timeMillis, double value, boolean late) {
    return append(labels, timeMillis, value, null, late);
  }

  Outcome append(Labels labels, long timeMillis, Histogram histogram, boolean late) {
    return append(labels, timeMillis, Chunk.HISTOGRAM, histogram, late);
  }

  private Outcome append(
      Labels labels, long timeMillis, double value, @Nullable Histogram histogram, boolean late) {
    long now = nowMillis.getAsLong();
    if (timeMillis - MOST_AHEAD_MILLIS > now) {
      return Outcome.TOO_FAR_AHEAD;
    }
    if (timeMillis < horizon && now < horizon) {
      setBack(now);
    }
    while (true) {
      HeadSeries series = byLabels.get(labels);
      if (series == null) {
        series = create(labels, true);
        if (series == null) {
          return Outcome.SERIES_LIMIT;
        }
      }
      labels.shareStrings(series.labels); // those of a series that came back from the disk are new
      Outcome outcome = series.append(timeMillis, value, histogram, late, now);
      if (outcome != null) {
        return outcome;
      }
      byLabels.remove(labels, series);
    }
  }

  /** The clock has been set back to before what is in blocks already: time begins there again. */
  private void setBack(long now) {
    synchronized (selections) {
      if (now < horizon) {
        horizon = now - lateMillis;
        Wal log = wal;
        if (log != null) {
          log.horizon(horizon);
        }
      }
    }
  }

  /** The series, new or not; null when there are too many. */
  @Nullable HeadSeries create(Labels labels, boolean limited) {
    if (limited && isTooLong(labels)) {
      return null;
    }
    lock.writeLock().lock();
    try {
      HeadSeries known = byLabels.get(labels);
      if (known != null || (limited && size.get() >= maxSeries)) {
        return known;
      }
      HeadSeries series = new HeadSeries(labels, this);
      postings.add(series);
      byLabels.put(labels, series);
      size.incrementAndGet();
      changed(labels);
      return series;
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static boolean isTooLong(Labels labels) {
    long bytes = 0;
    for (int i = 0; i < labels.size(); i++) {
      bytes += labels.name(i).getBytes(StandardCharsets.UTF_8).length;
      bytes += labels.value(i).getBytes(StandardCharsets.UTF_8).length;
    }
    return bytes > LONGEST_LABELS;
  }

  private void changed(Labels labels) {
    changeOfMetric.put(labels.metricName(), changes.incrementAndGet());
  }

  /** Forgets the samples before the time, and the series that have no others. */
  void truncate(long horizonMillis) {
    List<HeadSeries> gone = new ArrayList<>();
    for (HeadSeries series : all()) {
      if (series.truncate(horizonMillis)) {
        gone.add(series);
      }
    }
    if (gone.isEmpty()) {
      return;
    }
    lock.writeLock().lock();
    try {
      // One that was removed while it was empty may have come again under the same labels.
      gone.forEach(series -> byLabels.remove(series.labels, series));
      postings.remove(gone);
      size.addAndGet(-gone.size());
      for (HeadSeries series : gone) {
        changed(series.labels);
        String metric = series.labels.metricName();
        if (postings.having(Labels.NAME, metric).length == 0) {
          changeOfMetric.remove(metric);
        }
      }
    } finally {
      lock.writeLock().unlock();
    }
    // What is remembered holds on to series that are gone.
    selections.clear();
  }

  /** The time of the oldest sample; the largest long where there is none. */
  long oldestMillis() {
    return all().stream().mapToLong(HeadSeries::oldest).min().orElse(Long.MAX_VALUE);
  }

  /** All series, in no order. */
  List<HeadSeries> all() {
    lock.readLock().lock();
    try {
      return Arrays.stream(postings.all()).mapToObj(postings::series).toList();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** What the matching series hold, sorted by labels; those with a sample in that time. */
  List<HeadSeries.Snapshot> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    List<HeadSeries> found = find(matchers);
    List<HeadSeries.Snapshot> selected = new ArrayList<>(found.size());
    for (HeadSeries series : found) {
      HeadSeries.Snapshot snapshot = series.snapshot(fromMillis, toMillis);
      if (snapshot != null) {
        selected.add(snapshot);
      }
    }
    return selected;
  }

  /**
   * Tells of the index where anything may be in that time, and of the matching series otherwise.
   *
   * @param all takes the whole index; null where each series is wanted
   */
  void look(
      long fromMillis,
      long toMillis,
      List<LabelMatcher> matchers,
      @Nullable Consumer<LabelIndex> all,
      Consumer<Labels> each) {
    if (all != null && matchers.isEmpty()) {
      if (all().stream().anyMatch(series -> series.spans(fromMillis, toMillis))) {
        lock.readLock().lock();
        try {
          all.accept(postings);
        } finally {
          lock.readLock().unlock();
        }
      }
      return;
    }
    for (HeadSeries series : find(matchers)) {
      if (series.spans(fromMillis, toMillis)) {
        each.accept(series.labels);
      }
    }
  }

  private List<HeadSeries> find(List<LabelMatcher> matchers) {
    Selection known = selections.get(matchers);
    if (known != null && known.change == changeOf(matchers)) {
      return known.series;
    }
    List<HeadSeries> found;
    long change;
    lock.readLock().lock();
    try {
      change = changeOf(matchers);
      found =
          Arrays.stream(postings.find(matchers))
              .mapToObj(postings::series)
              .sorted((one, other) -> one.labels.compareTo(other.labels))
              .toList();
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
}
