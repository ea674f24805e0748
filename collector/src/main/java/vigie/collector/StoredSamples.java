package vigie.collector;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.cli.SampleFiles;
import vigie.collector.promql.Parser;
import vigie.collector.promql.SelectorUse;
import vigie.collector.store.sample.DiskSampleStore;
import vigie.collector.store.sample.SampleStoreOptions;

/** The commands' way to samples in a storage folder. */
final class StoredSamples implements SampleFiles {
  /** Nobody keeps house, so that nothing is deleted or merged. */
  private static final Scheduler NEVER =
      new Scheduler() {
        @Override
        public Task after(Duration delay, Runnable task) {
          return () -> {};
        }

        @Override
        public Task every(Duration initial, Duration period, Runnable task) {
          return () -> {};
        }
      };

  @Override
  public Kept open(Path storage) throws IOException {
    Path folder = storage.resolve("samples");
    if (!Files.isDirectory(folder)) {
      throw new IOException(storage + " has no samples of a collector");
    }
    DataOwner.check(folder, "collector rules check …");
    SampleStoreOptions options =
        SampleStoreOptions.keeping(Duration.ofDays(36_500), Long.MAX_VALUE)
            .withCoarse(
                List.of(
                    new SampleStoreOptions.Resolution(Duration.ofHours(1), Duration.ofDays(36_500)),
                    new SampleStoreOptions.Resolution(
                        Duration.ofMinutes(5), Duration.ofDays(36_500))));
    try {
      return new Store(
          DiskSampleStore.open(
              folder,
              options,
              FileLayer.disk(),
              Clock.system(),
              NEVER,
              Runnable::run,
              Runnable::run,
              new SimpleMeterRegistry()));
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private record Store(DiskSampleStore samples) implements Kept {
    @Override
    public boolean has(String selector) {
      for (SelectorUse use : Parser.parse(selector).selectors()) {
        if (!samples.labelSets(0, Long.MAX_VALUE, use.matchers()).isEmpty()) {
          return true;
        }
      }
      return false;
    }

    @Override
    public void close() {
      samples.close();
    }
  }
}
