package vigie.collector.testing;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import vigie.base.remotewrite.WriteRequest;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleStore;

/** The same samples in a store of ours and in the real Prometheus. */
public final class TwinSamples {
  private static final int BATCH = 5_000;
  private final List<Sample> samples = new ArrayList<>();

  private record Sample(Labels labels, long timeMillis, double value) {}

  /** Keeps one for both; stale markers too. */
  public void add(Labels labels, long timeMillis, double value) {
    samples.add(new Sample(labels, timeMillis, value));
  }

  /** Appends all to the one and sends all to the other, in the order of time. */
  public void send(SampleStore store, RealPrometheus prometheus)
      throws IOException, InterruptedException {
    samples.sort(Comparator.comparingLong(Sample::timeMillis));
    WriteRequest request = new WriteRequest();
    int count = 0;
    for (Sample sample : samples) {
      store.append(sample.labels, sample.timeMillis, sample.value);
      request.add(WriteRequest.labels(sample.labels.toMap()), sample.value, sample.timeMillis);
      if (++count % BATCH == 0) {
        prometheus.write(request.take());
      }
    }
    prometheus.write(request.take());
    samples.clear();
  }
}
