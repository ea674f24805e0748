package vigie.collector.sample;

import java.util.List;
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
}
