package vigie.collector.store.sample;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import vigie.base.segment.FileLayer;
import vigie.base.time.ManualClock;

/** A store on a clock of its own, whose tasks run as that is moved. */
final class TestSampleStore {
  static final Path FOLDER = Path.of("/samples");

  /** Blocks of ten seconds, five seconds late. */
  static final SampleStoreOptions SMALL =
      new SampleStoreOptions(
          Duration.ofDays(1),
          1L << 30,
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          1000,
          1L << 30,
          4 << 10);

  final ManualClock clock;
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final DiskSampleStore store;

  TestSampleStore(SampleStoreOptions options, FileLayer files, long nowMillis) {
    this(FOLDER, options, files, nowMillis);
  }

  TestSampleStore(Path folder, SampleStoreOptions options, FileLayer files, long nowMillis) {
    clock = new ManualClock(Instant.ofEpochMilli(nowMillis));
    store =
        DiskSampleStore.open(
            folder, options, files, clock, clock, Runnable::run, Runnable::run, meters);
  }

  double dropped(String reason) {
    return meters.get("vigie.samples.dropped").tag("reason", reason).functionCounter().count();
  }

  double gauge(String name) {
    return meters.get(name).gauge().value();
  }
}
