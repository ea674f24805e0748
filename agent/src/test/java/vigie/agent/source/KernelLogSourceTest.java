package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.ManualClock;

class KernelLogSourceTest {
  @TempDir Path root;
  private final Kept told = new Kept();
  private final List<Line> lines = new ArrayList<>();
  private final MeterRegistry meters = new SimpleMeterRegistry();

  private KernelLogSource source() throws Exception {
    Files.writeString(root.resolve("uptime"), "100.00 50.00\n");
    ManualClock clock = new ManualClock();
    Roots roots = new Roots(root, root, root);
    SourceTools tools =
        new SourceTools(
            roots,
            clock,
            clock,
            task -> {},
            Runnable::run,
            told,
            told,
            Systemd.of(roots, Map.of(), clock),
            meters);
    KernelLogSource source = new KernelLogSource(root.resolve("kmsg"), tools, lines::add);
    source.start();
    return source;
  }

  @Test
  void givenRecords_whenTaken_thenTheKernelsFromTheStartOnAreRead() throws Exception {
    KernelLogSource source = source();
    source.take("6,1,99000000,-;before the start\n");
    source.take("4,2,101000000,-;hwmon hwmon1: Undervoltage detected!\n SUBSYSTEM=hwmon\n");
    source.take("30,3,102000000,-;systemd[1]: not the kernel's\n");
    assertThat(lines)
        .extracting(Line::text)
        .containsExactly("hwmon hwmon1: Undervoltage detected!");
    assertThat(lines.get(0).severity()).isEqualTo(Severity.WARNING);
    assertThat(told.all()).hasSize(1);
    assertThat(told.all().get(0).type()).isEqualTo(EventType.KERNEL_UNDERVOLTAGE);
  }

  @Test
  void givenGarbage_whenTaken_thenCounted() throws Exception {
    KernelLogSource source = source();
    for (String record : List.of("", ";", "x,1,2,-;a", "6,1;a", "6,1,x,-;a", "no text")) {
      source.take(record);
    }
    assertThat(lines).isEmpty();
    assertThat(
            meters.counter("vigie.source.faults", "source", "kernel", "reason", "garbage").count())
        .isEqualTo(6);
  }
}
