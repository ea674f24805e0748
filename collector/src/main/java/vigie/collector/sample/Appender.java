package vigie.collector.sample;

import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;

/** Takes samples. */
public interface Appender {
  /**
   * Appends one sample. One that is older than the newest of its series, or of the same time with
   * another value, is dropped and counted; where the newest one lies ahead of the clock, which was
   * set back then, the sample takes the place of those that are not older. Keep and pass the same
   * {@link Labels} object for a series where you can: finding it is then one hash lookup.
   *
   * @param labels of the series, {@code __name__} included
   * @param timeMillis since the epoch
   * @param value any double; {@link Staleness#MARKER} ends the series until its next sample
   */
  void append(Labels labels, long timeMillis, double value);

  /**
   * Appends one native histogram, as {@link #append(Labels, long, double)} does a number; a series
   * may have both. What is read back says in its hint how it follows on the sample before: see
   * {@link Histogram#after}. A series of histograms ends with the stale marker as a number, too.
   *
   * @param histogram one that {@link Histogram#validate} lets pass
   */
  void append(Labels labels, long timeMillis, Histogram histogram);
}
