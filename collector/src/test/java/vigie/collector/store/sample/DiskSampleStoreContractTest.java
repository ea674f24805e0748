package vigie.collector.store.sample;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SortedSet;
import vigie.base.segment.ForgetfulFiles;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;

/** The disk store, opened anew for every question that comes after an append. */
class DiskSampleStoreContractTest extends SampleStoreContract {
  private static final SampleStoreOptions LONG =
      new SampleStoreOptions(
          Duration.ofDays(60),
          1L << 30,
          Duration.ofHours(2),
          Duration.ofDays(30),
          1000,
          1L << 30,
          16 << 10);
  private final ForgetfulFiles files = new ForgetfulFiles(1);

  @Override
  SampleStore store() {
    return new Reopened();
  }

  private final class Reopened implements SampleStore {
    private DiskSampleStore open = openNow();
    private boolean changed;

    private DiskSampleStore openNow() {
      long now = Instant.EPOCH.plus(Duration.ofDays(20)).toEpochMilli();
      return new TestSampleStore(LONG, files, now).store;
    }

    @Override
    public void append(Labels labels, long timeMillis, double value) {
      open.append(labels, timeMillis, value);
      changed = true;
    }

    @Override
    public Outcome appendLate(Labels labels, long timeMillis, double value) {
      changed = true;
      return open.appendLate(labels, timeMillis, value);
    }

    @Override
    public void append(Labels labels, long timeMillis, Histogram histogram) {
      open.append(labels, timeMillis, histogram);
      changed = true;
    }

    @Override
    public Outcome appendLate(Labels labels, long timeMillis, Histogram histogram) {
      changed = true;
      return open.appendLate(labels, timeMillis, histogram);
    }

    @Override
    public void commit() {
      open.commit();
    }

    @Override
    public List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
      return reopened().select(fromMillis, toMillis, matchers);
    }

    @Override
    public SortedSet<Labels> labelSets(long from, long to, List<LabelMatcher> matchers) {
      return reopened().labelSets(from, to, matchers);
    }

    @Override
    public SortedSet<String> labelNames(long from, long to, List<LabelMatcher> matchers) {
      return reopened().labelNames(from, to, matchers);
    }

    @Override
    public SortedSet<String> labelValues(
        String name, long from, long to, List<LabelMatcher> matchers) {
      return reopened().labelValues(name, from, to, matchers);
    }

    private DiskSampleStore reopened() {
      if (changed) {
        open.close();
        open = openNow();
        changed = false;
      }
      return open;
    }
  }
}
