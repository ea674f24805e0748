package vigie.collector.store.sample;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import vigie.base.segment.FileLayer;
import vigie.base.time.ManualClock;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;

/**
 * A process to be killed: appends a sample of each series (of the first a histogram) at every step,
 * half a second apart by its own clock, from the step given, while blocks are cut and merged, and
 * prints each step once it is committed.
 */
final class SamplingProcess {
  static final long START = 1_700_000_000_000L;
  static final int SERIES = 50;
  static final int STEP_MILLIS = 500;

  private SamplingProcess() {}

  static Labels labels(int series) {
    return Labels.of(Labels.NAME, "m", "series", "" + series);
  }

  public static void main(String[] args) {
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true);
    long first = Long.parseLong(args[1]);
    ManualClock clock = new ManualClock(Instant.ofEpochMilli(START + first * STEP_MILLIS));
    ExecutorService keeper = Executors.newSingleThreadExecutor();
    DiskSampleStore store =
        DiskSampleStore.open(
            Path.of(args[0]),
            TestSampleStore.SMALL,
            FileLayer.disk(),
            clock,
            clock,
            Runnable::run,
            keeper,
            new SimpleMeterRegistry());
    for (long step = first; ; step++) {
      for (int series = 0; series < SERIES; series++) {
        Outcome outcome =
            series == 0
                ? store.appendLate(
                    labels(series), clock.millis(), SampleStoreContract.histogram(step))
                : store.appendLate(labels(series), clock.millis(), step);
        if (outcome != Outcome.APPENDED && outcome != Outcome.SAME) {
          throw new IllegalStateException("step " + step + " series " + series + ": " + outcome);
        }
      }
      store.commit();
      out.print(step + "\n");
      clock.advance(Duration.ofMillis(STEP_MILLIS));
    }
  }
}
