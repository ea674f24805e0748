package vigie.collector.notify.terminal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.card.CardSource;
import vigie.collector.card.Texts;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Predecessor;
import vigie.collector.outbox.Outcome;

class TerminalNotifierTest {
  private static final Instant START = Instant.parse("2026-01-01T10:00:00.123Z");
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private static Notification wanted(AlertState state, String summary) {
    Event event =
        new Event(
            START,
            START,
            "p1",
            1,
            3,
            "vigie",
            "probe.down",
            Map.of("reason", "connection refused"),
            "calculatrice is down",
            null);
    Alert alert =
        new Alert(
            Labels.of("alertname", "ProbeDown", "node", "p1", "severity", "critical"),
            Labels.of("summary", summary),
            state,
            START,
            START,
            state == AlertState.RESOLVED ? START.plusSeconds(61) : null,
            START,
            0,
            "",
            List.of(event));
    int firing = state == AlertState.FIRING ? 3 : 0;
    Notification wanted =
        new Notification(
            "i",
            "k",
            "terminal",
            Labels.EMPTY,
            alert.labels(),
            alert.annotations(),
            List.of(alert),
            firing,
            firing == 0 ? 1 : 0,
            START,
            START);
    return wanted;
  }

  private String print(boolean colour, AlertState state, String summary) {
    PrintStream out = new PrintStream(printed, true, UTF_8);
    new TerminalNotifier(out, Runnable::run, colour, CardSource.NONE, Texts.ENGLISH)
        .deliver(new Delivery(wanted(state, summary), null, Predecessor.NONE, 0))
        .toCompletableFuture()
        .join();
    return printed.toString(UTF_8);
  }

  @Test
  void givenTerminalThatIsStopped_whenDelivered_thenNobodyWaits() {
    List<Runnable> waiting = new ArrayList<>();
    CompletionStage<Outcome> outcome =
        new TerminalNotifier(
                new PrintStream(printed, true, UTF_8),
                waiting::add,
                false,
                CardSource.NONE,
                Texts.ENGLISH)
            .deliver(new Delivery(wanted(AlertState.FIRING, "x"), null, Predecessor.NONE, 0));
    assertThat(printed.size()).isZero();
    assertThat(outcome.toCompletableFuture()).isNotDone();

    waiting.forEach(Runnable::run);

    assertThat(printed.toString(UTF_8)).contains("ProbeDown");
    assertThat(outcome.toCompletableFuture()).isCompleted();
  }

  @Test
  void givenFiring_whenPrinted_thenWhatWhereAndWhy() {
    assertThat(print(false, AlertState.FIRING, "it is down"))
        .isEqualTo(
            """

            == FIRING: ProbeDown on p1 (3 alerts)
               it is down
               firing p1, connection refused, since 2026-01-01T10:00:00Z
               … and 2 more
               alerts   3 firing
               since    2026-01-01T10:00:00Z
               how bad  critical
               2026-01-01T10:00:00Z probe.down calculatrice is down
            """);
  }

  @Test
  void givenResolved_whenPrinted_thenForHowLong() {
    assertThat(print(false, AlertState.RESOLVED, "it is down"))
        .contains("== Resolved", "until 2026-01-01T10:01:01Z, lasted 1m1s");
  }

  @Test
  void givenControlCharacters_whenPrinted_thenTheTerminalDoesNotObeyThem() {
    assertThat(print(false, AlertState.FIRING, "a\u001b[2Jb\rc\u202e"))
        .contains("a\\u001b[2Jb\\u000dc\\u202e")
        .doesNotContain("\u001b");
  }

  @Test
  void givenTerminal_whenPrinted_thenTheStateIsColoured() {
    assertThat(print(true, AlertState.FIRING, "x"))
        .contains("\u001b[31m== FIRING: ProbeDown on p1 (3 alerts)\u001b[0m");
  }
}
