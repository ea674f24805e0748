package vigie.collector.store.sample;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;

/** Keeps samples in memory, bounded by age and by the number of series. */
public final class MemorySampleStore implements SampleStore {
  /**
   * @param retention how long samples are kept, counted back from the newest of all series; zero
   *     keeps all
   * @param maxSeries how many series there may be; samples of more are dropped and counted
   */
  public MemorySampleStore(Duration retention, int maxSeries, MeterRegistry meters) {}

  @Override
  public void append(Labels labels, long timeMillis, double value) {}

  @Override
  public List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    return List.of();
  }
}
