package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import vigie.base.time.ManualClock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.event.Event;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

class DispatcherTest {
  /** Keeps what is wanted, as the outbox does. */
  private static final class Wanted implements NotificationSink {
    private final List<Notification> told = new ArrayList<>();
    private final Map<String, Notification> open = new LinkedHashMap<>();

    @Override
    public void want(List<Notification> notifications) {
      for (Notification each : notifications) {
        told.add(each);
        if (each.isResolved()) {
          open.remove(each.incident());
        } else {
          open.put(each.incident(), each);
        }
      }
    }

    @Override
    public List<Notification> open() {
      return List.copyOf(open.values());
    }

    Notification last() {
      return told.get(told.size() - 1);
    }
  }

  private final ManualClock clock = new ManualClock();
  private final Wanted wanted = new Wanted();

  private Dispatcher start(Routing routing, Alert... active) {
    Dispatcher dispatcher =
        new Dispatcher(routing, wanted, clock, clock, Runnable::run, new SimpleMeterRegistry());
    dispatcher.start(List.of(active));
    return dispatcher;
  }

  private static Routing cards() {
    return Routing.toAll(new Receiver("cards", List.of(() -> true)));
  }

  private static Routing messages() {
    return Routing.toAll(new Receiver("messages", List.of(() -> false)));
  }

  private Alert alert(AlertState state, String... labels) {
    Instant now = clock.now();
    return new Alert(
        Labels.of(labels).with("job", "all"),
        Labels.of("summary", "s", "node", Labels.of(labels).get("node")),
        state,
        Instant.EPOCH,
        Instant.EPOCH,
        state == AlertState.RESOLVED ? now : null,
        now,
        1,
        "",
        List.of());
  }

  private Alert firing(String... labels) {
    return alert(AlertState.FIRING, labels);
  }

  private Alert resolved(String... labels) {
    return alert(AlertState.RESOLVED, labels);
  }

  @Test
  void givenAlertsOfSeveralGroups_whenTheyFire_thenEachGroupIsToldOnceAtOnce() {
    Dispatcher dispatcher = start(cards());

    dispatcher.accept(
        List.of(
            firing("alertname", "A", "node", "p1", "target", "1"),
            firing("alertname", "A", "node", "p1", "target", "2"),
            firing("alertname", "A", "node", "p2", "target", "1")));

    assertThat(wanted.told).hasSize(2);
    Notification first = wanted.told.get(0);
    assertThat(first.firing()).isEqualTo(2);
    assertThat(first.groupLabels()).isEqualTo(Labels.of("alertname", "A", "node", "p1"));
    assertThat(first.commonLabels())
        .isEqualTo(Labels.of("alertname", "A", "node", "p1", "job", "all"));
    assertThat(first.commonAnnotations()).isEqualTo(Labels.of("summary", "s", "node", "p1"));
  }

  @Test
  void givenIncident_whenAlertsComeAndGo_thenOneIncidentUntilNoneFires() {
    Dispatcher dispatcher = start(cards());
    dispatcher.accept(List.of(firing("alertname", "A", "x", "1")));
    dispatcher.accept(List.of(firing("alertname", "A", "x", "2")));
    dispatcher.accept(List.of(resolved("alertname", "A", "x", "1")));
    dispatcher.accept(List.of(resolved("alertname", "A", "x", "2")));

    assertThat(wanted.told).hasSize(4);
    assertThat(wanted.told.stream().map(Notification::incident).distinct()).hasSize(1);
    assertThat(wanted.told.get(2).firing()).isEqualTo(1);
    assertThat(wanted.told.get(2).resolved()).isEqualTo(1);
    assertThat(wanted.last().isResolved()).isTrue();

    clock.advance(Duration.ofSeconds(1));
    dispatcher.accept(List.of(firing("alertname", "A", "x", "1")));
    assertThat(wanted.last().incident()).isNotEqualTo(wanted.told.get(0).incident());
  }

  @Test
  void givenTheSameAlertTwice_whenTold_thenNothingNew() {
    Dispatcher dispatcher = start(cards());
    dispatcher.accept(List.of(firing("alertname", "A")));
    clock.advance(Duration.ofMinutes(1));
    dispatcher.accept(List.of(firing("alertname", "A")));
    clock.advance(Duration.ofMinutes(1));

    assertThat(wanted.told).hasSize(1);
  }

  @Test
  void givenEndOfAnUnknownAlert_whenTold_thenNothing() {
    start(cards()).accept(List.of(resolved("alertname", "A")));

    assertThat(wanted.told).isEmpty();
  }

  @Test
  void givenOpenIncident_whenStartedAgain_thenItGoesOnOrEnds() {
    start(cards())
        .accept(
            List.of(firing("alertname", "A"), firing("alertname", "B"), firing("alertname", "C")));
    String incident = wanted.told.get(0).incident();
    clock.advance(Duration.ofMinutes(5));
    wanted.told.clear();

    Dispatcher again =
        start(
            cards(),
            firing("alertname", "A"),
            firing("alertname", "A", "x", "1"),
            firing("alertname", "B"));

    assertThat(wanted.told).hasSize(2);
    assertThat(wanted.told).anySatisfy(n -> assertThat(n.firing()).isEqualTo(2));
    assertThat(wanted.told)
        .anySatisfy(
            n -> {
              assertThat(n.isResolved()).isTrue();
              assertThat(n.commonLabels().get("alertname")).isEqualTo("C");
            });
    again.accept(List.of(resolved("alertname", "A"), resolved("alertname", "A", "x", "1")));
    assertThat(wanted.last().incident()).isEqualTo(incident);
    assertThat(wanted.last().isResolved()).isTrue();
  }

  @Test
  void givenChangesBeforeTheStart_whenStarted_thenToldThen() {
    Dispatcher dispatcher =
        new Dispatcher(cards(), wanted, clock, clock, Runnable::run, new SimpleMeterRegistry());
    dispatcher.accept(List.of(firing("alertname", "A")));
    assertThat(wanted.told).isEmpty();

    dispatcher.start(List.of(firing("alertname", "A")));

    assertThat(wanted.told).hasSize(1);
  }

  @Test
  void givenReceiverThatCannotEdit_whenAlertsFire_thenGroupWaitAndGroupInterval() {
    Dispatcher dispatcher = start(messages());
    dispatcher.accept(List.of(firing("alertname", "A", "x", "1")));
    clock.advance(Duration.ofSeconds(20));
    dispatcher.accept(List.of(firing("alertname", "A", "x", "2")));
    assertThat(wanted.told).isEmpty();
    clock.advance(Duration.ofSeconds(10));
    assertThat(wanted.told).hasSize(1);
    assertThat(wanted.last().firing()).isEqualTo(2);

    dispatcher.accept(List.of(firing("alertname", "A", "x", "3")));
    clock.advance(Duration.ofSeconds(299));
    assertThat(wanted.told).hasSize(1);
    clock.advance(Duration.ofSeconds(1));
    assertThat(wanted.told).hasSize(2);
    assertThat(wanted.last().firing()).isEqualTo(3);

    clock.advance(Duration.ofHours(4).minusSeconds(1));
    assertThat(wanted.told).hasSize(2);
    clock.advance(Duration.ofSeconds(1));
    assertThat(wanted.told).as("repeat_interval").hasSize(3);
  }

  @Test
  void givenReceiverThatCannotEdit_whenTheAlertEndsWithinGroupWait_thenNobodyIsTold() {
    Dispatcher dispatcher = start(messages());
    dispatcher.accept(List.of(firing("alertname", "A")));
    dispatcher.accept(List.of(resolved("alertname", "A")));
    clock.advance(Duration.ofHours(5));

    assertThat(wanted.told).isEmpty();
    assertThat(dispatcher.groups(n -> true)).isEmpty();
  }

  @Test
  void givenReceiverThatCannotEdit_whenAllEnds_thenToldAtTheNextInterval() {
    Dispatcher dispatcher = start(messages());
    dispatcher.accept(List.of(firing("alertname", "A")));
    clock.advance(Duration.ofSeconds(30));
    dispatcher.accept(List.of(resolved("alertname", "A")));
    clock.advance(Duration.ofMinutes(5));

    assertThat(wanted.told).hasSize(2);
    assertThat(wanted.last().isResolved()).isTrue();
  }

  @Test
  void givenNewRoutes_whenReloaded_thenOldIncidentsEndWhereTheyBegan() {
    Dispatcher dispatcher = start(cards());
    dispatcher.accept(List.of(firing("alertname", "A")));
    dispatcher.reload(toOthers());

    dispatcher.accept(List.of(resolved("alertname", "A")));
    assertThat(wanted.last().receiver()).isEqualTo("cards");
    assertThat(wanted.last().isResolved()).isTrue();
    clock.advance(Duration.ofSeconds(1));
    dispatcher.accept(List.of(firing("alertname", "A")));

    assertThat(wanted.last().receiver()).isEqualTo("others");
    assertThat(dispatcher.receiversOf(Labels.of("a", "b"))).containsExactly("others");
  }

  @Test
  void givenNewRoutes_whenTextsOfAnOpenIncidentChange_thenNoSecondCard() {
    Dispatcher dispatcher = start(cards());
    dispatcher.accept(List.of(firing("alertname", "A")));
    dispatcher.reload(toOthers());

    clock.advance(Duration.ofMinutes(1));
    dispatcher.accept(List.of(firing("alertname", "A")));

    assertThat(wanted.told.stream().map(Notification::receiver)).containsOnly("cards");
  }

  @Test
  void givenReceiverThatIsGone_whenReloadedOrStartedAgain_thenWhatFiresReachesAnother() {
    Routing others = Routing.toAll(new Receiver("others", List.of(() -> true)));
    Dispatcher dispatcher = start(cards());
    Alert alert = firing("alertname", "A");
    dispatcher.accept(List.of(alert));
    clock.advance(Duration.ofSeconds(1));
    dispatcher.reload(others);

    assertThat(wanted.last().receiver()).isEqualTo("others");
    assertThat(wanted.last().isResolved()).isFalse();
    assertThat(wanted.open()).hasSize(1);

    clock.advance(Duration.ofSeconds(1));
    start(cards(), alert);

    assertThat(wanted.last().receiver()).isEqualTo("cards");
    assertThat(wanted.open()).hasSize(1);
  }

  /** Another receiver and another grouping; the one of before is still there. */
  private static Routing toOthers() {
    Receiver cards = new Receiver("cards", List.of(() -> true));
    Receiver others = new Receiver("others", List.of(() -> true));
    return new Routing(
        Route.toAll("others", Set.of("alertname")), Map.of("cards", cards, "others", others));
  }

  @Test
  void givenTwoRoutesThatMatch_whenAlertFires_thenBothReceiversAreTold() {
    Route first =
        new Route(
            "{}/a",
            "one",
            List.of(LabelMatcher.equal("alertname", "A")),
            Set.of(),
            null,
            null,
            Duration.ofHours(4),
            true,
            List.of());
    Route second =
        new Route(
            "{}/b", "two", List.of(), null, null, null, Duration.ofHours(4), false, List.of());
    Receiver one = new Receiver("one", List.of(() -> true));
    Receiver two = new Receiver("two", List.of(() -> true));
    Routing routing =
        new Routing(
            Route.toAll("one", Set.of()).with(List.of(first, second)),
            Map.of("one", one, "two", two));

    start(routing).accept(List.of(firing("alertname", "A")));

    assertThat(wanted.told.stream().map(Notification::receiver)).containsExactly("one", "two");
  }

  @Test
  void givenLargeGroup_whenTold_thenItIsBoundedAndNotToldForEachAlert() {
    Dispatcher dispatcher = start(cards());
    for (int i = 0; i < 1_000; i++) {
      dispatcher.accept(List.of(firing("alertname", "A", "x", String.valueOf(i))));
    }
    clock.advance(Duration.ofSeconds(1));

    assertThat(wanted.told.size()).isLessThan(110);
    assertThat(wanted.last().firing()).isEqualTo(1_000);
    assertThat(wanted.last().alerts()).hasSize(Notification.MOST_ALERTS);
  }

  @Test
  void givenLongTexts_whenTold_thenTheyAreCut() {
    Event event =
        new Event(
            clock.now(),
            clock.now(),
            "n",
            1,
            3,
            "a",
            "syslog",
            Map.of("reason", "r".repeat(100_000)),
            "😀".repeat(50_000),
            null);
    Alert long1 =
        new Alert(
            Labels.of("alertname", "A"),
            Labels.of("summary", "s".repeat(100_000)),
            AlertState.FIRING,
            clock.now(),
            clock.now(),
            null,
            clock.now(),
            1,
            "",
            List.of(event, event, event, event, event, event, event));

    start(cards()).accept(List.of(long1));

    Alert told = wanted.last().alerts().get(0);
    assertThat(told.events()).hasSize(5);
    assertThat(told.events().get(0).text()).hasSizeLessThanOrEqualTo(400).endsWith("😀…");
    assertThat(told.events().get(0).field("reason")).hasSize(400);
    assertThat(told.annotations().get("summary")).hasSize(2_000);
  }
}
