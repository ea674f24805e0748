package vigie.collector;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * What this process itself uses, under the names that Prometheus's own clients give. Read from
 * /proc/self (proc(5)) when somebody scrapes; NaN where that cannot be read.
 */
final class ProcessMeters {
  private static final String HEAP = "heap";
  private final Path self = Path.of("/proc/self");

  private ProcessMeters() {}

  static void register(MeterRegistry meters) {
    ProcessMeters of = new ProcessMeters();
    FunctionCounter.builder(
            "process.cpu",
            of,
            o -> o.info().totalCpuDuration().map(ProcessMeters::seconds).orElse(Double.NaN))
        .baseUnit("seconds")
        .description("Processor time that the collector used")
        .register(meters);
    Gauge.builder(
            "process.start.time",
            () -> of.info().startInstant().map(i -> i.toEpochMilli() / 1e3).orElse(Double.NaN))
        .baseUnit("seconds")
        .description("When the collector started, since 1970")
        .register(meters);
    Gauge.builder("process.resident.memory", of::residentBytes)
        .baseUnit("bytes")
        .description("Memory of the collector that is in RAM")
        .register(meters);
    Gauge.builder("process.open.fds", of::openFiles)
        .description("Files and sockets that the collector has open")
        .register(meters);
    Runtime heap = Runtime.getRuntime();
    Gauge.builder("jvm.memory.used", () -> heap.totalMemory() - heap.freeMemory())
        .tag("area", HEAP)
        .baseUnit("bytes")
        .description("Heap in use, what waits for a collection included")
        .register(meters);
    Gauge.builder("jvm.memory.max", heap::maxMemory)
        .tag("area", HEAP)
        .baseUnit("bytes")
        .description("What the heap may grow to")
        .register(meters);
  }

  private ProcessHandle.Info info() {
    return ProcessHandle.current().info();
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }

  private double residentBytes() {
    try (Stream<String> lines = Files.lines(self.resolve("status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  private double openFiles() {
    try (Stream<Path> files = Files.list(self.resolve("fd"))) {
      return files.count();
    } catch (IOException e) {
      return Double.NaN;
    }
  }
}
