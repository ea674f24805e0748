package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.base.time.ManualClock;

/** What a full disk makes of the events of probes. */
class TellerTest {
  private final ManualClock clock = new ManualClock();
  private final List<Event> told = new ArrayList<>();
  private boolean diskFull = true;
  private final Teller teller =
      new Teller(this::accept, Runnable::run, clock, new SimpleMeterRegistry());

  private void accept(Event event) {
    if (diskFull) {
      throw new UncheckedIOException(new IOException("No space left on device"));
    }
    told.add(event);
  }

  private void tell(String target, EventType type) {
    ProbeConfig config = ProbeConfig.tcp("p", target);
    Event event = new Event(clock.now(), Severity.ERROR, type, Map.of(), target);
    teller.tell(config, type, () -> event);
  }

  private List<String> room() {
    diskFull = false;
    clock.advance(Duration.ofSeconds(5));
    return told.stream().map(e -> e.type().wire() + " " + e.text()).toList();
  }

  @Test
  void givenFullDisk_whenTheBackupIsLateAndTheProbeDown_thenBothAreToldOnceThereIsRoom() {
    tell("a:1", EventType.PROBE_UP);
    tell("a:1", EventType.BACKUP_LATE);
    tell("a:1", EventType.PROBE_DOWN);
    clock.advance(Duration.ofSeconds(5));
    assertThat(room()).containsExactly("backup.late a:1", "probe.down a:1");
  }

  @Test
  void givenFullDisk_whenTheTargetIsAnother_thenTheEndOfTheOldOneIsToldToo() {
    tell("a:1", EventType.PROBE_UP);
    tell("b:1", EventType.PROBE_UP);
    clock.advance(Duration.ofSeconds(5));
    assertThat(room()).containsExactly("probe.up a:1", "probe.up b:1");
  }
}
