package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.ManualClock;

class GoingDownTest {
  @TempDir Path root;
  private final ManualClock clock = new ManualClock();
  private final Told told = new Told();

  private GoingDown sink() {
    Roots roots = new Roots(root, root, root);
    return new GoingDown(told, roots, Systemd.of(roots, Map.of(), clock), clock);
  }

  private void goDown() throws IOException {
    ByteBuffer utmp = ByteBuffer.allocate(384).order(ByteOrder.nativeOrder());
    utmp.putShort(0, (short) 1).putInt(4, '0' | '5' << 8);
    Files.createDirectories(root.resolve("run"));
    Files.write(root.resolve("run/utmp"), utmp.array());
  }

  private Event event(EventType type) {
    return new Event(
        clock.now(), Severity.ERROR, type, Map.of("a", "b"), "text", new Place("journal", "c"));
  }

  @Test
  void givenANodeThatStaysUp_whenAProbeIsDown_thenItIsToldAsItIs() {
    Event down = event(EventType.PROBE_DOWN);
    sink().accept(down);
    assertThat(told.events).containsExactly(down);
  }

  @Test
  void givenANodeThatGoesDown_whenSomethingEnds_thenTheEventSaysSo() throws IOException {
    GoingDown sink = sink();
    sink.accept(event(EventType.PROBE_DOWN));
    goDown();
    clock.advance(Duration.ofMillis(100));
    sink.acceptAll(List.of(event(EventType.UNIT_CRASHED), event(EventType.UNIT_FAILED)));
    sink.accept(event(EventType.PROBE_DOWN));
    sink.accept(event(EventType.LOG_MATCH));
    assertThat(told.events)
        .extracting(event -> event.fields().getOrDefault("stopping", "no"))
        .containsExactly("no", "yes", "yes", "yes", "no");
    assertThat(told.events).allMatch(event -> event.places().size() == 1);
    assertThat(told.groups).hasSize(1);
  }
}
