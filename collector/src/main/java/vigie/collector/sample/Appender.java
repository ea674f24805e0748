package vigie.collector.sample;

import vigie.collector.label.Labels;

/** Takes samples. */
public interface Appender {
  /**
   * Appends one sample. A sample at or before the newest one of its series is dropped and counted.
   * Keep and pass the same {@link Labels} object for a series where you can: finding it is then one
   * hash lookup.
   *
   * @param labels of the series, {@code __name__} included
   * @param timeMillis since the epoch
   * @param value any double; {@link Staleness#MARKER} ends the series until its next sample
   */
  void append(Labels labels, long timeMillis, double value);
}
