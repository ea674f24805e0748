package vigie.collector.store.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;

class LogAlertStoreTest {
  private static final Instant T = Instant.parse("2026-01-01T00:00:00Z");
  @TempDir Path folder;

  private static Alert alert(String node, AlertState state) {
    Event event =
        new Event(T, T, node, 3, 2, "vigie", "probe.down", Map.of("reason", "refused"), "no", null);
    return new Alert(
        Labels.of("alertname", "Down", "node", node),
        Labels.of("summary", "down"),
        state,
        T,
        state == AlertState.PENDING ? null : T.plusSeconds(30),
        null,
        T.plusSeconds(31),
        0.5,
        "g/Down",
        List.of(event));
  }

  @Test
  void givenAlertsOfGroups_whenReopened_thenEachGroupHasItsOwn() {
    List<Alert> one = List.of(alert("p1", AlertState.FIRING), alert("p2", AlertState.PENDING));
    try (StateLog states = StateLog.open(folder)) {
      LogAlertStore store = new LogAlertStore(states);
      store.save("rules.yml;one", List.of(alert("gone", AlertState.FIRING)));
      store.save("rules.yml;one", one);
      store.save("rules.yml;two", List.of(alert("p3", AlertState.FIRING)));
      store.save("rules.yml;two", List.of());
    }
    try (StateLog states = StateLog.open(folder)) {
      LogAlertStore store = new LogAlertStore(states);
      assertThat(store.load("rules.yml;one")).containsExactlyInAnyOrderElementsOf(one);
      assertThat(store.load("rules.yml;two")).isEmpty();
      assertThat(store.groups()).containsExactly("rules.yml;one");
    }
  }

  @Test
  void givenStateThatIsNoJson_whenLoaded_thenLeftOut() {
    try (StateLog states = StateLog.open(folder)) {
      states.put("alerts/g\nx", "{".getBytes(StandardCharsets.UTF_8));
      assertThat(new LogAlertStore(states).load("g")).isEmpty();
    }
  }
}
