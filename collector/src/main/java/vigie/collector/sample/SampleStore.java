package vigie.collector.sample;

import java.util.List;
import vigie.collector.label.LabelMatcher;

/** Keeps samples and finds them again. Safe for all threads. */
public interface SampleStore extends Appender {
  /**
   * The series that match all matchers and have a sample from {@code fromMillis} to {@code
   * toMillis}, both ends included, sorted by labels. What is appended later may or may not be seen.
   */
  List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers);
}
