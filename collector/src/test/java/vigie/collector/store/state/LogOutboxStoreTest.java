package vigie.collector.store.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.AlertMark;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notes;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;
import vigie.collector.outbox.Beside;
import vigie.collector.outbox.Card;
import vigie.collector.outbox.Notifier.Posted;
import vigie.collector.outbox.Notifier.Predecessor;

class LogOutboxStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-01T10:00:00.123456789Z");
  private static final Path FOLDER = Path.of("/state");

  private final ForgetfulFiles disk = new ForgetfulFiles(3);
  private StateLog states = StateLog.open(FOLDER, disk);

  private static Card card(String incident, Posted posted) {
    Event event =
        new Event(
            NOW,
            NOW.plusMillis(1),
            "p1",
            1,
            3,
            "vigie",
            "probe.down",
            Map.of("reason", "é\n\"x\""),
            "text \u0000 😀",
            new Event.Origin("spool", Long.MAX_VALUE, "boot"));
    Alert alert =
        new Alert(
            Labels.of("alertname", "A", "node", "p1"),
            Labels.of("summary", "s"),
            AlertState.RESOLVED,
            NOW,
            null,
            NOW.plusNanos(1),
            NOW,
            Double.NaN,
            "g/A",
            List.of(event));
    Notification wanted =
        new Notification(
            incident,
            "{}:{}",
            "discord",
            Labels.of("a", "b"),
            alert.labels(),
            alert.annotations(),
            List.of(alert),
            7,
            9,
            NOW,
            NOW.plusSeconds(1),
            notes(alert.fingerprint()));
    Message escalation =
        new Message(
            incident,
            "escalation-1",
            Message.Kind.ESCALATION,
            NOW,
            Severity.CRITICAL,
            "somebody é",
            "text",
            List.of("one", "two"));
    Beside beside = new Beside(List.of(escalation), List.of("events-2", "worse"), NOW);
    String fallback = posted == null ? null : "other";
    return new Card(2, fallback, wanted, 5, NOW, 4, posted, NOW, 1, Predecessor.PERHAPS, beside);
  }

  private static Notes notes(String fingerprint) {
    AlertMark mark =
        new AlertMark(
            List.of(new AlertMark.Silenced("id", "ann", NOW, "off")),
            List.of("0011223344556677"),
            List.of("nights"),
            new AlertMark.Acked("bob", NOW, "mine"),
            new AlertMark.Flapping(7, NOW, false),
            new AlertMark.Reach("p1", List.of("p2", "p3"), List.of("p4")));
    return new Notes(
        Map.of(fingerprint, mark),
        List.of(new Notes.Held("f", Labels.of("a", "b"), "s", NOW, null)),
        3,
        List.of(
            new Notes.Line(Notes.Line.Kind.HISTORY, NOW, NOW.plusSeconds(1), "p1", "was down")));
  }

  private LogOutboxStore afterPowerCut() {
    disk.powerCut(Forget.ALL);
    states = StateLog.open(FOLDER, disk);
    return new LogOutboxStore(states);
  }

  @Test
  void givenCards_whenSavedAndThePowerIsCut_thenTheyAreAsTheyWere() {
    Card first = card("one", null);
    Card second = card("two", new Posted("123", "https://discord.com/webhooks/1"));
    new LogOutboxStore(states).save(List.of(first, second));

    assertThat(afterPowerCut().load()).containsExactlyInAnyOrder(first, second);
  }

  @Test
  void givenCard_whenRemoved_thenGone() {
    LogOutboxStore store = new LogOutboxStore(states);
    store.save(List.of(card("one", null)));
    store.remove(card("one", null).key());
    store.remove("never there");

    assertThat(afterPowerCut().load()).isEmpty();
  }

  @Test
  void givenWaits_whenSaved_thenThere() {
    assertThat(new LogOutboxStore(states).loadWaits()).isEmpty();
    new LogOutboxStore(states).saveWaits(Map.of("lane", NOW));

    assertThat(afterPowerCut().loadWaits()).containsExactly(Map.entry("lane", NOW));
  }

  @Test
  void givenOneUnreadableCard_whenLoaded_thenTheOthersAreThere() {
    Card good = card("one", null);
    new LogOutboxStore(states).save(List.of(good));
    states.put("outbox/card/bad", new byte[] {'{'});
    states.put("outbox/card/empty", new byte[] {'{', '}'});

    assertThat(new LogOutboxStore(states).load()).containsExactly(good);
  }
}
