package vigie.collector.sample;

import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;

/**
 * Hears of every sample that a store takes, in each series' order, before the store's own log has
 * it: what the log brings back after a crash, the tap had, too. Must be quick and never throws;
 * safe for all threads.
 */
public interface SampleTap {
  /** Hears nothing. */
  SampleTap NONE =
      new SampleTap() {
        @Override
        public void appended(Labels labels, long timeMillis, double value) {}

        @Override
        public void appended(Labels labels, long timeMillis, Histogram histogram) {}

        @Override
        public void write() {}

        @Override
        public void sync() {}
      };

  void appended(Labels labels, long timeMillis, double value);

  void appended(Labels labels, long timeMillis, Histogram histogram);

  /** What was told so far has to survive a killed process on return. */
  void write();

  /** What was written so far has to survive a power cut on return. */
  void sync();
}
