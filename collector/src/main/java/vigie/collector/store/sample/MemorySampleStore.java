package vigie.collector.store.sample;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;

/** Keeps all samples in memory, of any time: for unit tests of rules, and for tests of ours. */
public final class MemorySampleStore implements SampleStore {
  /** What the head keeps where a histogram is, told from other NaNs by its bits. */
  private static final double HISTOGRAM = Double.longBitsToDouble(0x7ff8000000004e48L);

  private final Head head;
  private final Map<Labels, MemoryHistograms> histograms = new ConcurrentHashMap<>();

  /**
   * @param maxSeries how many series there may be; samples of more are dropped
   */
  public MemorySampleStore(int maxSeries) {
    head = new Head(maxSeries, 0, () -> Long.MAX_VALUE);
  }

  @Override
  public void append(Labels labels, long timeMillis, double value) {
    append(labels, timeMillis, value, false);
  }

  @Override
  public Outcome appendLate(Labels labels, long timeMillis, double value) {
    return append(labels, timeMillis, value, true);
  }

  private Outcome append(Labels labels, long timeMillis, double value, boolean late) {
    MemoryHistograms among = histograms.isEmpty() ? null : histograms.get(labels);
    if (among == null) {
      return head.append(labels, timeMillis, value, late);
    }
    synchronized (among) {
      Outcome outcome = head.append(labels, timeMillis, value, late);
      if (outcome == Outcome.APPENDED) {
        among.addNumber(timeMillis);
      }
      return outcome;
    }
  }

  @Override
  public void append(Labels labels, long timeMillis, Histogram histogram) {
    append(labels, timeMillis, histogram, false);
  }

  @Override
  public Outcome appendLate(Labels labels, long timeMillis, Histogram histogram) {
    return append(labels, timeMillis, histogram, true);
  }

  private Outcome append(Labels labels, long timeMillis, Histogram histogram, boolean late) {
    MemoryHistograms among = histograms.computeIfAbsent(labels, l -> new MemoryHistograms());
    synchronized (among) {
      Outcome outcome = head.append(labels, timeMillis, HISTOGRAM, late);
      if (outcome == Outcome.SAME) {
        return histogram.equals(among.get(timeMillis)) ? Outcome.SAME : Outcome.CONFLICT;
      }
      if (outcome == Outcome.APPENDED) {
        among.add(timeMillis, histogram);
      }
      return outcome;
    }
  }

  @Override
  public void commit() {
    // There is no disk.
  }

  @Override
  public List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    List<Series> found = new ArrayList<>(head.select(fromMillis, toMillis, matchers));
    if (!histograms.isEmpty()) {
      found.replaceAll(
          series -> {
            MemoryHistograms among = histograms.get(series.labels());
            return among == null ? series : new Mixed(series, among);
          });
    }
    return List.copyOf(found);
  }

  /** A series of which some samples are histograms. */
  private record Mixed(Series numbers, MemoryHistograms histograms) implements Series {
    @Override
    public Labels labels() {
      return numbers.labels();
    }

    @Override
    public SampleIterator iterator() {
      SampleIterator samples = numbers.iterator();
      return new SampleIterator() {
        @Override
        public boolean next() {
          return samples.next();
        }

        @Override
        public boolean seek(long timeMillis) {
          return samples.seek(timeMillis);
        }

        @Override
        public boolean last(long timeMillis) {
          return samples.last(timeMillis);
        }

        @Override
        public long time() {
          return samples.time();
        }

        @Override
        public double value() {
          return samples.value();
        }

        @Override
        public @Nullable Histogram histogram() {
          return histograms.get(samples.time());
        }
      };
    }
  }
}
