package vigie.collector.sample;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/** Keeps samples and finds them again. Safe for all threads. */
public interface SampleStore extends Appender {
  /**
   * Appends one sample that may be older than others of its series, as those of an agent that
   * catches up; how far back is the store's to say. A sample that is refused is counted.
   */
  Outcome appendLate(Labels labels, long timeMillis, double value);

  /** Appends one native histogram that may be older than other samples of its series. */
  Outcome appendLate(Labels labels, long timeMillis, Histogram histogram);

  /**
   * Returns once all that was appended before the call survives a power cut.
   *
   * @throws java.io.UncheckedIOException if the disk refuses; the samples stay in memory and are
   *     tried again, so that a later call that returns is good for them too
   */
  void commit();

  /**
   * The series that match all matchers and have a sample from {@code fromMillis} to {@code
   * toMillis}, both ends included, sorted by labels. What is appended later may or may not be seen.
   */
  List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers);

  /** The same, with what is missing in the answer told in words. */
  default List<Series> select(
      long fromMillis, long toMillis, List<LabelMatcher> matchers, Consumer<String> warnings) {
    return select(fromMillis, toMillis, matchers);
  }

  /** Whether {@link #select(long, long, List, Coarse)} would find what is down-sampled. */
  default boolean hasCoarse(long fromMillis, long toMillis, Coarse wanted) {
    return false;
  }

  /**
   * As the other select, with down-sampled values where that is wanted and there are any; some of
   * the series may have none in that time.
   */
  default List<Series> select(
      long fromMillis, long toMillis, List<LabelMatcher> matchers, Coarse wanted) {
    return select(fromMillis, toMillis, matchers);
  }

  /**
   * The labels of the series that match all matchers and have a sample from one time to the other,
   * both ends included. An index may tell it without looking at samples: of others that match and
   * have samples in the same hours, too.
   */
  default SortedSet<Labels> labelSets(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    SortedSet<Labels> found = new TreeSet<>();
    select(fromMillis, toMillis, matchers).forEach(series -> found.add(series.labels()));
    return found;
  }

  /** The names of the labels that {@link #labelSets} would give. */
  default SortedSet<String> labelNames(
      long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    return Labels.names(labelSets(fromMillis, toMillis, matchers));
  }

  /** The values that a label has among those that {@link #labelSets} would give. */
  default SortedSet<String> labelValues(
      String name, long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    SortedSet<String> values = new TreeSet<>();
    for (Labels labels : labelSets(fromMillis, toMillis, matchers)) {
      if (labels.has(name)) {
        values.add(labels.get(name));
      }
    }
    return values;
  }
}
