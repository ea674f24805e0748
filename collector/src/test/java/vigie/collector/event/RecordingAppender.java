package vigie.collector.event;

import java.util.ArrayList;
import java.util.List;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;
import vigie.collector.sample.Staleness;

/** Samples in a list, as text: {@code name{labels} seconds-after-T0 value}. */
public final class RecordingAppender implements Appender {
  private final List<String> samples = new ArrayList<>();

  @Override
  public synchronized void append(Labels labels, long timeMillis, double value) {
    double seconds = (timeMillis - Events.T0.toEpochMilli()) / 1000.0;
    samples.add(
        labels.metricName()
            + labels.without(Labels.NAME)
            + " "
            + text(seconds)
            + " "
            + (Staleness.isStale(value) ? "stale" : text(value)));
  }

  @Override
  public void append(Labels labels, long timeMillis, Histogram histogram) {
    throw new AssertionError("no event makes a histogram: " + labels);
  }

  private static String text(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  /** What came since the last call. */
  public synchronized List<String> take() {
    List<String> taken = List.copyOf(samples);
    samples.clear();
    return taken;
  }
}
