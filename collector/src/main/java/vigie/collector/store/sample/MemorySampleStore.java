package vigie.collector.store.sample;

import java.util.List;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;

/** Keeps all samples in memory, of any time: for unit tests of rules, and for tests of ours. */
public final class MemorySampleStore implements SampleStore {
  private final Head head;

  /**
   * @param maxSeries how many series there may be; samples of more are dropped
   */
  public MemorySampleStore(int maxSeries) {
    head = new Head(maxSeries, 0, () -> Long.MAX_VALUE);
  }

  @Override
  public void append(Labels labels, long timeMillis, double value) {
    head.append(labels, timeMillis, value, false);
  }

  @Override
  public Outcome appendLate(Labels labels, long timeMillis, double value) {
    return head.append(labels, timeMillis, value, true);
  }

  @Override
  public void append(Labels labels, long timeMillis, Histogram histogram) {
    head.append(labels, timeMillis, histogram, false);
  }

  @Override
  public Outcome appendLate(Labels labels, long timeMillis, Histogram histogram) {
    return head.append(labels, timeMillis, histogram, true);
  }

  @Override
  public void commit() {
    // There is no disk.
  }

  @Override
  public List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    return List.copyOf(head.select(fromMillis, toMillis, matchers));
  }
}
