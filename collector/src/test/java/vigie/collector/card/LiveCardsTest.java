package vigie.collector.card;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.time.ManualClock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.graph.Unit;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.promql.Parser;
import vigie.collector.rule.RuleFiles;
import vigie.collector.store.sample.MemorySampleStore;

class LiveCardsTest {
  private final ManualClock clock = new ManualClock();
  private final MemorySampleStore samples = new MemorySampleStore(1_000);
  private final Changes changes = new Changes();
  private final List<Runnable> work = new ArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private boolean busy;
  @TempDir Path folder;

  private final LiveCards cards =
      new LiveCards(
          new Engine(samples, EngineOptions.defaults(), clock),
          changes,
          clock,
          clock,
          task -> {
            if (busy) {
              throw new RejectedExecutionException();
            }
            work.add(task);
          },
          meters,
          ZoneOffset.UTC);

  private Notification wanted(String alertname) {
    Labels labels = Labels.of("alertname", alertname, "node", "p1", "severity", "warning");
    Instant now = clock.now();
    Alert alert =
        new Alert(
            labels,
            Labels.EMPTY,
            AlertState.FIRING,
            now,
            now,
            null,
            now,
            93,
            "g/" + alertname,
            List.of());
    return new Notification(
        "i", "k", "r", Labels.EMPTY, labels, Labels.EMPTY, List.of(alert), 1, 0, now, now);
  }

  private CardContext gather(String alertname, boolean edit) {
    CompletionStage<CardContext> stage = cards.gather(wanted(alertname), edit);
    List.copyOf(work).forEach(Runnable::run);
    work.clear();
    return stage.toCompletableFuture().join();
  }

  private double counted(String result) {
    return meters.counter("vigie.card.pictures", "result", result).count();
  }

  private void load() throws IOException {
    // A query's time runs from when it comes, not from the start of the clock.
    clock.advance(Duration.ofHours(3));
    Faults faults = new Faults();
    Path file = folder.resolve("rules.yml");
    Files.writeString(
        file,
        """
        groups:
        - name: g
          rules:
          - alert: Full
            expr: used_percent > 90
          - alert: Down
            expr: up == 0
        """);
    cards.load(RuleFiles.load(List.of(file), Duration.ofSeconds(15), faults));
    assertThat(faults.all()).isEmpty();
    for (int i = 60; i >= 0; i--) {
      long at = clock.millis() - i * 60_000L;
      samples.append(Labels.of("__name__", "used_percent", "node", "p1"), at, 95);
      samples.append(Labels.of("__name__", "used_percent", "node", "p2"), at, 5);
      samples.append(Labels.of("__name__", "up", "node", "p1"), at, 1);
    }
  }

  @Test
  void givenRuleWithALimit_whenGathered_thenMeasureAndPicture() throws IOException {
    load();

    CardContext context = gather("Full", false);

    Measure measure = context.measures().of(wanted("Full").alerts().get(0)).orElseThrow();
    assertThat(measure.limit()).isEqualTo(90);
    assertThat(measure.unit()).isEqualTo(Unit.PERCENT);
    assertThat(context.picture()).isNotNull();
    assertThat(context.picture().png()).startsWith(0x89, 'P', 'N', 'G').hasSizeLessThan(40_000);
    assertThat(counted("drawn")).isOne();
  }

  @Test
  void givenRuleWithoutALimit_whenFirstCard_thenItWaitsForNoPicture() throws IOException {
    load();

    assertThat(gather("Down", false).picture()).isNull();
    assertThat(gather("Down", true).picture()).isNotNull();
    assertThat(gather("Unknown", true).picture()).isNull();
  }

  @Test
  void givenExpressionThatALinkNames_whenDrawn_thenAllItsSeries() throws IOException {
    load();
    Instant now = clock.now();

    byte[] png = cards.draw(Parser.parse("used_percent > 90"), now.minusSeconds(7200), now);

    assertThat(png).startsWith(0x89, 'P', 'N', 'G').hasSizeLessThan(40_000);
  }

  @Test
  void givenSlowOrBusyDrawing_whenGathered_thenTheCardGoesWithout() throws IOException {
    load();
    CompletionStage<CardContext> slow = cards.gather(wanted("Full"), false);
    assertThat(slow.toCompletableFuture()).isNotDone();
    clock.advance(Duration.ofMillis(501));
    assertThat(slow.toCompletableFuture().join().picture()).isNull();
    work.clear();
    busy = true;

    assertThat(gather("Full", false).picture()).isNull();
    assertThat(counted("late")).isOne();
    assertThat(counted("busy")).isOne();
  }

  @Test
  void givenChanges_whenGathered_thenThoseOfTheNodeInTheHourBefore() {
    Instant now = clock.now();
    changes.onEvent(event("p1", now.minusSeconds(4000), "node.boot", Map.of()), false);
    changes.onEvent(event("p2", now.minusSeconds(60), "node.boot", Map.of()), false);
    changes.onEvent(event("p1", now.minusSeconds(60), "probe.down", Map.of()), false);
    for (String name : List.of("openssl", "libc6")) {
      Map<String, String> fields =
          Map.of("pattern", "dpkg.upgraded", "package", name, "from", "1", "to", "2");
      changes.onEvent(event("p1", now.minusSeconds(600), "log.match", fields), false);
    }
    Map<String, String> rest =
        Map.of("pattern", "dpkg.upgraded", "package", "zlib1g", "to", "3", "repeated", "78");
    changes.onEvent(event("p1", now.minusSeconds(500), "log.match", rest), false);

    List<Change> told = Change.of(cards.facts(wanted("Full")).before());

    assertThat(told).hasSize(1);
    assertThat(told.get(0).count()).isEqualTo(80);
    assertThat(told.get(0).packages()).contains("zlib1g 3", "openssl 1 → 2", "libc6 1 → 2");
  }

  private static Event event(String node, Instant at, String type, Map<String, String> fields) {
    return new Event(at, at, node, 1, 5, "vigie", type, fields, type, null);
  }
}
