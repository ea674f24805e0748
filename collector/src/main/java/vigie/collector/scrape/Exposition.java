package vigie.collector.scrape;

import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;

/**
 * Reads what a target answered, a sample at a time. What a sample's series is called stays bytes:
 * whoever has seen it before needs no labels of it. Every method but {@link #reset} and {@link
 * #metadata} may throw an {@link ExpositionException}. Not safe for several threads.
 */
interface Exposition {
  /**
   * Starts over with {@code length} bytes of {@code bytes}, which must not change until the end.
   */
  void reset(byte[] bytes, int length);

  /** Moves to the next sample's series; false at the end. */
  boolean nextSeries();

  /** Whether the series at hand is exactly these bytes; cheaper than {@link #findSeriesEnd}. */
  boolean seriesIs(byte[] known);

  /** Finds where the series at hand ends. */
  void findSeriesEnd();

  /** Where the bytes of the series at hand stand, from {@link #seriesStart} to its end. */
  byte[] seriesIn();

  int seriesStart();

  int seriesEnd();

  /** The bytes of the series at hand, copied. */
  default byte[] seriesBytes() {
    return java.util.Arrays.copyOfRange(seriesIn(), seriesStart(), seriesEnd());
  }

  /** The labels of the series at hand, {@code __name__} included. */
  Labels labels();

  /** The labels that {@link #labels} found with an empty value. */
  List<String> emptyNames();

  /** Reads value and time of the series at hand. */
  void readSample();

  /** The number that was read; undefined where there is a histogram. */
  double value();

  /** The native histogram that was read; null where it is a number. */
  @Nullable Histogram histogram();

  /** Whether the sample carries a time of its own. */
  boolean timed();

  long timeMillis();

  /**
   * What is said about metrics, a bounded number of them and each of bounded length.
   *
   * @param before whose objects are used again where they say the same
   */
  List<Metadata> metadata(List<Metadata> before);
}
