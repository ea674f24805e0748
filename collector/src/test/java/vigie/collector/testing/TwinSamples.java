package vigie.collector.testing;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import vigie.base.remotewrite.WireHistogram;
import vigie.base.remotewrite.WriteRequest;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleStore;

/** The same samples in a store of ours and in the real Prometheus. */
public final class TwinSamples {
  private static final int BATCH = 5_000;
  private final List<Sample> samples = new ArrayList<>();

  /**
   * @param histogram null where it is a number
   */
  private record Sample(
      Labels labels, long timeMillis, double value, @Nullable Histogram histogram) {}

  /** Keeps one for both; stale markers too. */
  public void add(Labels labels, long timeMillis, double value) {
    samples.add(new Sample(labels, timeMillis, value, null));
  }

  /** Keeps a native histogram for both; the other must take them. */
  public void add(Labels labels, long timeMillis, Histogram histogram) {
    samples.add(new Sample(labels, timeMillis, Double.NaN, histogram));
  }

  /** Appends all to the one and sends all to the other, in the order of time. */
  public void send(SampleStore store, RealPrometheus prometheus)
      throws IOException, InterruptedException {
    samples.sort(Comparator.comparingLong(Sample::timeMillis));
    WriteRequest request = new WriteRequest();
    // It takes the numbers of a request before its histograms, so that no series has both in one.
    Map<Labels, Boolean> kinds = new HashMap<>();
    int count = 0;
    for (Sample sample : samples) {
      boolean number = sample.histogram == null;
      Boolean before = kinds.put(sample.labels, number);
      if (++count % BATCH == 0 || (before != null && before != number)) {
        prometheus.write(request.take());
        kinds.clear();
        kinds.put(sample.labels, number);
      }
      byte[] labels = WriteRequest.labels(sample.labels.toMap());
      if (sample.histogram == null) {
        store.append(sample.labels, sample.timeMillis, sample.value);
        request.add(labels, sample.value, sample.timeMillis);
      } else {
        store.append(sample.labels, sample.timeMillis, sample.histogram);
        request.add(labels, wire(sample.histogram, sample.timeMillis));
      }
    }
    prometheus.write(request.take());
    samples.clear();
  }

  private static WireHistogram wire(Histogram histogram, long timeMillis) {
    return WireHistogram.of(
        timeMillis,
        histogram.count(),
        histogram.sum(),
        histogram.schema(),
        histogram.zeroThreshold(),
        histogram.zeroCount(),
        histogram.hint().ordinal(),
        spans(histogram.negative()),
        histogram.negative().counts(),
        spans(histogram.positive()),
        histogram.positive().counts(),
        histogram.customBounds());
  }

  private static int[] spans(Buckets buckets) {
    return buckets.spans().stream()
        .flatMapToInt(span -> IntStream.of(span.offset(), span.length()))
        .toArray();
  }
}
