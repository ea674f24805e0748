package vigie.agent.source;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;

/** What becomes of log files. Its gauges go when it is closed, so that the next ones take over. */
final class FileMeters implements AutoCloseable {
  private final MeterRegistry meters;
  private final List<Gauge> gauges;
  final Counter lost;
  final Counter cut;

  FileMeters(
      MeterRegistry meters,
      Supplier<Number> followed,
      Supplier<Number> failing,
      Supplier<Number> behind) {
    this.meters = meters;
    lost =
        Counter.builder("vigie.files.lost")
            .description("Files of which a rest was gone or compressed before it was read.")
            .register(meters);
    cut =
        Counter.builder("vigie.files.lines.cut")
            .description("Lines longer than 64 KiB, whose rest was skipped.")
            .register(meters);
    gauges =
        List.of(
            Gauge.builder("vigie.files.followed", followed)
                .description("Log files that are followed.")
                .register(meters),
            Gauge.builder("vigie.files.failing", failing)
                .description("Configured log files that are missing or cannot be read.")
                .register(meters),
            Gauge.builder("vigie.files.behind.bytes", behind)
                .description("What was written to log files and is not yet read.")
                .register(meters));
  }

  @Override
  public void close() {
    gauges.forEach(meters::remove);
  }
}
