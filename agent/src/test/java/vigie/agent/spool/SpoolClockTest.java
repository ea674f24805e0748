package vigie.agent.spool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;
import vigie.base.time.ManualClock;

/** A clock that is stepped while events wait. */
class SpoolClockTest {
  private static final Path FOLDER = Path.of("/spool");
  @TempDir Path dir;
  private final ManualClock clock = new ManualClock();
  private final ForgetfulFiles files = new ForgetfulFiles(1);
  private long bootNanos = -Duration.ofSeconds(100).toNanos();

  @BeforeEach
  void boot() throws IOException {
    pass(Duration.ZERO);
  }

  /** Time goes by, for {@code /proc/uptime} too. */
  private void pass(Duration by) throws IOException {
    Duration minute = Duration.ofMinutes(1);
    for (Duration left = by; !left.isNegative(); left = left.minus(minute)) {
      Duration step = left.compareTo(minute) < 0 ? left : minute;
      double up = (clock.nanos() + step.toNanos() - bootNanos) / 1e9;
      Files.writeString(dir.resolve("uptime"), String.format(Locale.ROOT, "%.2f 4.00%n", up));
      clock.advance(step);
    }
  }

  private Spool open(String boot) {
    return Spool.open(
        new SpoolConfig(FOLDER, 1 << 20, Duration.ofDays(7)),
        new Host("p1", boot, "m", "", List.of(), dir.resolve("synced"), dir.resolve("uptime")),
        clock,
        clock,
        Runnable::run,
        files,
        new SimpleMeterRegistry());
  }

  private void accept(Spool spool, String text) {
    spool.accept(new Event(clock.now(), Severity.ERROR, EventType.PROBE_DOWN, Map.of(), text));
  }

  private static String record(Spool spool, int seq) {
    return new String(spool.read(seq - 1, 1, 1 << 20).get(0).data(), UTF_8);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, -1})
  void givenClockSteppedByADay_whenEventsOfBeforeAreRead_thenTheirTimeIsPutRightAndTheOldSaid(
      long days) throws IOException {
    Spool spool = open("boot-1");
    accept(spool, "down");
    pass(Duration.ofSeconds(10));
    clock.step(Duration.ofDays(days));
    accept(spool, "after");

    String day = days > 0 ? "2026-01-02" : "2025-12-31";
    assertThat(record(spool, 1))
        .startsWith("<131>1 " + day + "T00:00:00.000000Z p1 vigie ")
        .contains(" seq=\"1\" boot=\"boot-1\" was=\"2026-01-01T00:00:00.000000Z\" mono=\"100000\"")
        .endsWith(" down");
    assertThat(record(spool, 2))
        .startsWith("<131>1 " + day + "T00:00:10.000000Z p1 vigie ")
        .contains(" boot=\"boot-1\" mono=\"110000\" ");
  }

  @Test
  void givenClockKnownToBeRight_whenStepped_thenWhatItStampedStays() throws IOException {
    Files.createFile(dir.resolve("synced"));
    Spool spool = open("boot-1");
    accept(spool, "down");
    clock.step(Duration.ofDays(1));
    assertThat(record(spool, 1)).contains("1 2026-01-01T00:00:00.000000Z ").doesNotContain("was=");
  }

  @Test
  void givenAnotherBoot_whenRead_thenTheTimeStays() throws IOException {
    accept(open("boot-1"), "down");
    files.powerCut(Forget.ALL);
    clock.advance(Duration.ofDays(1));
    bootNanos = clock.nanos();
    pass(Duration.ofSeconds(3));
    assertThat(record(open("boot-2"), 1))
        .contains("1 2026-01-01T00:00:00.000000Z ")
        .doesNotContain("was=");
  }

  @Test
  void givenAgentRestartedInTheSameBoot_whenSteppedMeanwhile_thenTheTimeIsPutRight()
      throws IOException {
    accept(open("boot-1"), "down");
    files.powerCut(Forget.NOTHING);
    pass(Duration.ofMinutes(5));
    clock.step(Duration.ofHours(3));
    assertThat(record(open("boot-1"), 1)).contains("1 2026-01-01T03:00:00.000000Z ");
  }

  @Test
  void givenTimeThatPasses_whenRead_thenNothingIsMoved() throws IOException {
    Spool spool = open("boot-1");
    accept(spool, "down");
    pass(Duration.ofDays(3));
    clock.step(Duration.ofMillis(1500));
    assertThat(record(spool, 1)).contains("1 2026-01-01T00:00:00.000000Z ").doesNotContain("was=");
    assertThat(spool.last()).isEqualTo(1);
  }

  @Test
  void givenStep_whenAMinutePasses_thenItIsToldOnce() throws IOException {
    Spool spool = open("boot-1");
    accept(spool, "down");
    pass(Duration.ofMinutes(3));
    assertThat(spool.last()).isEqualTo(1);
    clock.step(Duration.ofDays(-1));
    pass(Duration.ofMinutes(1));
    pass(Duration.ofMinutes(5));
    assertThat(spool.last()).isEqualTo(2);
    assertThat(record(spool, 2))
        .contains(" agent.clock ")
        .contains(" step=\"-86400.0\" before=\"2\"");
  }
}
