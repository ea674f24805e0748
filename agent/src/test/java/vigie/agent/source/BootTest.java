package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.ManualClock;

class BootTest {
  private static final String OLD = "11111111-2222-3333-4444-555555555555";
  private static final String NOW = "aaaaaaaa-2222-3333-4444-555555555555";

  @TempDir Path root;
  private Roots roots;
  private final Kept told = new Kept();
  private final ManualClock clock = new ManualClock();

  @BeforeEach
  void files() throws IOException {
    roots = new Roots(root.resolve("proc"), root.resolve("sys"), root);
    write("proc/sys/kernel/random/boot_id", NOW + "\n");
    write("proc/uptime", "90.25 100.00\n");
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private Boot boot() {
    Systemd none = Systemd.of(roots, Map.of(), clock);
    SourceTools tools =
        new SourceTools(
            roots,
            clock,
            clock,
            Runnable::run,
            Runnable::run,
            told,
            told,
            none,
            new SimpleMeterRegistry());
    return new Boot(tools, new Journal(null, root));
  }

  private void known(String cursor) {
    told.accept(
        new Event(
            Instant.EPOCH,
            Severity.NOTICE,
            EventType.NODE_BOOT,
            Map.of(),
            "",
            new Place("boot", cursor)));
  }

  private Event last() {
    List<Event> all = told.all();
    return all.get(all.size() - 1);
  }

  @Test
  void givenAFirstRun_whenTold_thenOnceWithTheTimeOfTheBoot() {
    boot().tell();
    assertThat(last().type()).isEqualTo(EventType.NODE_BOOT);
    assertThat(last().time()).isEqualTo(clock.now().minus(Duration.ofSeconds(90)));
    assertThat(last().fields()).containsEntry("clean", "unknown");
    boot().tell();
    assertThat(told.all()).hasSize(1);
  }

  @Test
  void givenNoWordOfAShutdown_whenTold_thenItWasNotClean() {
    known(OLD);
    boot().tell();
    assertThat(last().fields())
        .containsEntry("clean", "no")
        .containsEntry("stopped_by", "unknown")
        .containsEntry("boot_before", OLD);
    assertThat(last().severity()).isEqualTo(Severity.WARNING);
    assertThat(last().places()).containsExactly(new Place("boot", NOW));
  }

  @Test
  void givenAShutdownThatWasTold_whenTheNodeBoots_thenItWasThat() {
    known(OLD + " reboot");
    boot().tell();
    assertThat(last().fields()).containsEntry("clean", "yes").containsEntry("stopped_by", "reboot");
    assertThat(last().severity()).isEqualTo(Severity.NOTICE);
    assertThat(last().text()).isEqualTo("the node booted; the run before ended by reboot");
  }

  @Test
  void givenAPanicThatTheKernelKept_whenTold_thenItsWords() throws IOException {
    known(OLD);
    String dump = "sys/fs/pstore/dmesg-ramoops-0";
    write(
        dump,
        "Panic#1 Part1\n<0>[ 12.0] Kernel panic - not syncing: sysrq triggered crash\n<4>x\n");
    Files.setLastModifiedTime(root.resolve(dump), FileTime.from(clock.now()));
    boot().tell();
    assertThat(last().fields()).containsEntry("clean", "no").containsEntry("stopped_by", "panic");
    assertThat(last().text()).endsWith("ended in a kernel panic: sysrq triggered crash");
  }

  @Test
  void givenAnAgentThatStartsAgainAfterAShutdownThatDidNotCome_whenAsked_thenItsPlaceIsTheBoot() {
    known(NOW + " reboot");
    assertThat(boot().place()).isEqualTo(new Place("boot", NOW));
    known(NOW);
    assertThat(boot().place()).isNull();
    boot().tell();
    assertThat(told.all()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"0,poweroff", "6,reboot", "3,''"})
  void givenARunLevel_whenTheAgentStops_thenTheShutdownIsTold(char level, String reason)
      throws IOException {
    ByteBuffer utmp = ByteBuffer.allocate(3 * 384).order(ByteOrder.nativeOrder());
    utmp.putShort(384, (short) 1).putInt(388, level | '5' << 8);
    Files.createDirectories(root.resolve("run"));
    Files.write(root.resolve("run/utmp"), utmp.array());
    boot().tellShutdown();
    if (reason.isEmpty()) {
      assertThat(told.all()).isEmpty();
    } else {
      assertThat(last().type()).isEqualTo(EventType.NODE_SHUTDOWN);
      assertThat(last().fields()).containsEntry("reason", reason);
      assertThat(last().places()).containsExactly(new Place("boot", NOW + " " + reason));
    }
  }

  @Test
  void givenNoSignOfAShutdown_whenTheAgentStops_thenNothingIsTold() {
    boot().tellShutdown();
    assertThat(told.all()).isEmpty();
  }
}
