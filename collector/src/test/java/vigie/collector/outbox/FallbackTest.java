package vigie.collector.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Insistence;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;
import vigie.collector.label.Labels;
import vigie.collector.outbox.Notifier.Standing.Role;
import vigie.collector.store.state.LogOutboxStore;
import vigie.collector.store.state.StateLog;

/** What happens beside the way from a wanted state to its card. */
class FallbackTest {
  private static final Outcome STUCK = new Outcome.Stuck("the webhook is gone");

  private final ManualClock clock = new ManualClock();
  private final ForgetfulFiles disk = new ForgetfulFiles(1);
  private final Deque<Runnable> work = new ArrayDeque<>();
  private final Way first = new Way("first");
  private final Way other = new Way("other");
  private final Way third = new Way("third");
  private final List<Alert> alerts = new ArrayList<>();
  private int life;
  private Outbox outbox = outbox("other");

  /** A way out that answers what it is told to. */
  private static final class Way implements Notifier {
    private final String name;
    private final List<Delivery> deliveries = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final Set<Message.Kind> tells = EnumSet.allOf(Message.Kind.class);
    private Outcome answer;

    Way(String name) {
      this.name = name;
      works();
    }

    void works() {
      answer = new Outcome.Done(new Posted("m", name), Duration.ZERO);
    }

    Delivery last() {
      return deliveries.get(deliveries.size() - 1);
    }

    @Override
    public Lane lane() {
      return new Lane(name, name, name);
    }

    @Override
    public Set<Message.Kind> tells() {
      return tells;
    }

    @Override
    public CompletionStage<Outcome> deliver(Delivery delivery) {
      deliveries.add(delivery);
      return CompletableFuture.completedFuture(answer);
    }

    @Override
    public CompletionStage<Outcome> tell(Telling telling) {
      told.add(telling.message().id());
      return CompletableFuture.completedFuture(answer);
    }
  }

  private Map<String, List<Notifier>> receivers() {
    return Map.of("first", List.of(first), "other", List.of(other), "third", List.of(third));
  }

  private Outbox outbox(String fallback) {
    int mine = ++life;
    Executor executor =
        task -> {
          // What an earlier process planned does not happen.
          if (life == mine) {
            work.add(task);
          }
        };
    Outbox made =
        new Outbox(
            new LogOutboxStore(StateLog.open(Path.of("/s"), disk)),
            receivers(),
            clock,
            clock,
            executor,
            new SimpleMeterRegistry(),
            () -> 0);
    made.insistences(Map.of("first", new Insistence(fallback, Duration.ofMinutes(10), Map.of())));
    ReceiverAlerts receiverAlerts = new ReceiverAlerts(alerts::addAll, clock, made.open());
    made.onStuck(receiverAlerts::stuck);
    made.start();
    return made;
  }

  private void restart(String fallback) {
    work.clear();
    disk.powerCut(ForgetfulFiles.Forget.ALL);
    outbox = outbox(fallback);
    settle();
  }

  private void settle() {
    for (Runnable task = work.poll(); task != null; task = work.poll()) {
      task.run();
    }
  }

  private void pass(Duration time) {
    for (long second = 0; second < time.toSeconds(); second++) {
      clock.advance(Duration.ofSeconds(1));
      settle();
    }
  }

  private void want(String name, int firing) {
    want(name, firing, Severity.CRITICAL);
  }

  private void want(String name, int firing, Severity severity) {
    Alert alert = alert(name, "first", firing > 0, severity);
    want(notification(name, "first", alert.labels(), firing, alert));
  }

  private void want(Notification wanted) {
    outbox.want(List.of(wanted));
    settle();
  }

  private static Alert alert(String name, String receiver, boolean fires, Severity severity) {
    return new Alert(
        Labels.of("alertname", name, "receiver", receiver, "severity", severity.word()),
        Labels.EMPTY,
        fires ? AlertState.FIRING : AlertState.RESOLVED,
        Instant.EPOCH,
        Instant.EPOCH,
        fires ? null : Instant.EPOCH,
        Instant.EPOCH,
        1,
        "",
        List.of());
  }

  private static Notification notification(
      String name, String receiver, Labels common, int firing, Alert... alerts) {
    return new Notification(
        "i-" + name,
        "{}:{}",
        receiver,
        Labels.EMPTY,
        common,
        Labels.EMPTY,
        List.of(alerts),
        firing,
        firing > 0 ? 0 : 1,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  /** Both receivers are stuck, and one card at the first tells it of both. */
  private void wantBothStuck() {
    first.answer = STUCK;
    other.answer = STUCK;
    want("A", 1);
    Alert atOther = alert("B", "other", true, Severity.CRITICAL);
    want(notification("B", "other", atOther.labels(), 1, atOther));
    want(
        notification(
            ReceiverAlerts.NAME,
            "first",
            Labels.of("alertname", ReceiverAlerts.NAME, "severity", "critical"),
            2,
            alert(ReceiverAlerts.NAME, "first", true, Severity.CRITICAL),
            alert(ReceiverAlerts.NAME, "other", true, Severity.CRITICAL)));
  }

  private void tell(String id, Message.Kind kind) {
    outbox.tell(Message.of("i-A", id, kind, clock.now(), "", "text"));
    settle();
  }

  @Test
  void givenStuckReceiver_whenAnIncidentBegins_thenTheFallbackHasItAtOnceAndPings() {
    first.answer = STUCK;

    want("A", 1);

    assertThat(other.deliveries).hasSize(1);
    assertThat(other.last().standing())
        .isEqualTo(new Notifier.Standing(Role.FALLBACK, "first", "the webhook is gone"));
    assertThat(other.last().ping()).isEqualTo(Severity.CRITICAL);
  }

  @Test
  void givenFallbackHasIt_whenTheFirstRecovers_thenNobodyIsPingedTwiceAndTheFallbackSaysSo() {
    first.answer = STUCK;
    want("A", 1);
    first.works();

    pass(Duration.ofMinutes(11));

    assertThat(first.last().ping()).isNull();
    assertThat(first.last().standing().role()).isEqualTo(Role.OWN);
    assertThat(other.deliveries).hasSize(2);
    assertThat(other.last().posted()).isNotNull();
    assertThat(other.last().standing().role()).isEqualTo(Role.RELIEVED);
    assertThat(outbox.pending()).isEmpty();
    want("A", 0);
    assertThat(other.last().wanted().isResolved()).isTrue();
    assertThat(outbox.open()).isEmpty();
  }

  @Test
  void givenReceiverThatFailsForAWhile_whenItsPatienceEnds_thenTheFallbackHasIt() {
    first.answer = Outcome.Later.because("away");
    want("A", 1);
    pass(Duration.ofMinutes(9));
    assertThat(other.deliveries).isEmpty();

    pass(Duration.ofSeconds(61));

    assertThat(other.last().standing().reason()).isEqualTo("away");
    restart("other");
    want("A", 0);
    assertThat(other.deliveries).hasSize(2);
    assertThat(other.last().wanted().isResolved()).isTrue();
  }

  @Test
  void givenCardThatWasSeen_whenItsReceiverGetsStuck_thenNewTextsDoNotGoToTheFallback() {
    want("A", 1);
    first.answer = STUCK;
    want("A", 2);
    pass(Duration.ofMinutes(15));

    assertThat(other.deliveries).isEmpty();
  }

  @Test
  void givenStuckReceiver_whenItRecovers_thenAnAlertFiredAndIsOver() {
    first.answer = STUCK;
    want("A", 1);
    assertThat(alerts).hasSize(1);
    assertThat(alerts.get(0).labels().get("receiver")).isEqualTo("first");
    assertThat(alerts.get(0).annotations().get("description")).contains("webhook is gone");
    first.works();

    pass(Duration.ofMinutes(11));

    assertThat(alerts).hasSize(2);
    assertThat(alerts.get(1).state()).isEqualTo(AlertState.RESOLVED);
  }

  @Test
  void givenNoFallback_whenTheAlertOfAStuckReceiverWouldGoThere_thenTheOthersHaveIt() {
    restart(null);
    first.answer = STUCK;
    want("A", 1);
    assertThat(other.deliveries).isEmpty();

    want(ReceiverAlerts.NAME, 1);

    assertThat(other.last().wanted().incident()).isEqualTo("i-" + ReceiverAlerts.NAME);
  }

  @Test
  void givenStuckReceiverOverARestart_whenItIsStillStuck_thenItsAlertGoesOn() {
    first.answer = STUCK;
    want("A", 1);
    want(ReceiverAlerts.NAME, 1);
    alerts.clear();

    restart("other");
    assertThat(alerts).isEmpty();
    first.works();
    pass(Duration.ofMinutes(11));

    assertThat(alerts).extracting(Alert::state).containsExactly(AlertState.RESOLVED);
  }

  @Test
  void givenTwoStuckReceiversOnOneCard_whenRestarted_thenTheirAlertsGoOn() {
    wantBothStuck();
    alerts.clear();

    restart("other");
    pass(Duration.ofSeconds(5));

    assertThat(alerts).isEmpty();
  }

  @Test
  void givenFallbackThatIsStuckToo_whenTheAlertOfItWouldGoThere_thenTheOthersHaveIt() {
    wantBothStuck();

    assertThat(third.last().wanted().incident()).isEqualTo("i-" + ReceiverAlerts.NAME);
  }

  @Test
  void givenStuckReceiver_whenReloadedByWhoMendedIt_thenTriedAtOnce() {
    first.answer = STUCK;
    want("A", 1);
    first.works();
    pass(Duration.ofMinutes(1));
    assertThat(first.deliveries).hasSize(1);

    outbox.reload(receivers());
    settle();

    assertThat(first.deliveries).hasSize(2);
    assertThat(outbox.pending()).isEmpty();
  }

  @Test
  void givenEveryFormRefused_whenReloaded_thenTriedWholeAtOnce() {
    first.answer = new Outcome.Refused("too long");
    want("A", 1);
    pass(Duration.ofSeconds(5));
    first.works();

    outbox.reload(receivers());
    pass(Duration.ofSeconds(2));

    assertThat(first.last().reduction()).isZero();
    assertThat(outbox.pending()).isEmpty();
  }

  @Test
  void givenEveryFormRefused_whenWanted_thenTheReceiverCountsAsStuckAndTheFallbackHasIt() {
    first.answer = new Outcome.Refused("too long");

    want("A", 1);
    pass(Duration.ofSeconds(5));

    assertThat(other.last().standing().reason()).isEqualTo("too long");
    assertThat(alerts).hasSize(1);
  }

  @Test
  void givenMessages_whenToldOverRestarts_thenEachOnceInOrderAfterTheCard() {
    first.answer = Outcome.Later.because("away");
    want("A", 1);
    tell("one", Message.Kind.NOTE);
    tell("two", Message.Kind.EVENT);
    tell("one", Message.Kind.NOTE);
    assertThat(first.told).isEmpty();

    restart("other");
    first.works();
    pass(Duration.ofSeconds(70));
    restart("other");
    tell("two", Message.Kind.EVENT);
    tell("three", Message.Kind.ACK);

    assertThat(first.told).containsExactly("one", "two", "three");
    want("A", 0);
    assertThat(first.told).endsWith("resolved");
    assertThat(outbox.pending()).isEmpty();
  }

  @Test
  void givenMessageThatIsRefused_whenOthersWait_thenTheyAreToldAllTheSame() {
    want("A", 1);
    first.answer = new Outcome.Refused("no");
    tell("one", Message.Kind.NOTE);
    pass(Duration.ofSeconds(5));
    first.works();

    tell("two", Message.Kind.NOTE);
    pass(Duration.ofSeconds(2));

    assertThat(first.told).containsExactly("one", "one", "one", "two");
    assertThat(outbox.pending()).isEmpty();
  }

  @Test
  void givenEscalationBeforeHundredsOfEvents_whenAskedForAgain_thenItIsNotTold() {
    want("A", 1);
    tell("escalation-1", Message.Kind.NOTE);
    for (int i = 0; i < 600; i++) {
      tell("events-" + i, Message.Kind.EVENT);
    }
    tell("escalation-1", Message.Kind.NOTE);

    assertThat(first.told).hasSize(601);
  }

  @Test
  void givenManyMessages_whenNobodyTakesThem_thenTheOldestGo() {
    want("A", 1);
    first.answer = Outcome.Later.because("away");
    for (int i = 0; i < 150; i++) {
      tell("m" + i, Message.Kind.EVENT);
    }

    assertThat(outbox.pending().get(0).messages()).isEqualTo(100);
  }

  @Test
  void givenAttemptsOverARestart_whenTriedAgain_thenTheNonceIsTheSameUntilTheCardIsDeleted() {
    first.answer = new Outcome.Later("lost", null, Outcome.Scope.LANE, true);
    want("A", 1);
    restart("other");
    pass(Duration.ofSeconds(3));
    assertThat(first.deliveries.stream().map(Notifier.Delivery::nonce).distinct()).hasSize(1);
    assertThat(first.last().nonce()).hasSizeLessThanOrEqualTo(25);
    assertThat(first.last().doubtSince()).isNotNull();
    String nonce = first.last().nonce();
    first.works();
    pass(Duration.ofSeconds(70));
    first.answer = new Outcome.Gone("deleted");
    want("A", 2);
    first.works();

    pass(Duration.ofSeconds(5));

    assertThat(first.last().posted()).isNull();
    assertThat(first.last().nonce()).isNotEqualTo(nonce);
    assertThat(first.last().ping()).isNull();
  }

  @Test
  void givenNotTakenForSure_whenRestarted_thenThereIsNoDoubt() {
    first.answer = Outcome.Later.because("refused before it was sent");
    want("A", 1);

    restart("other");
    pass(Duration.ofSeconds(5));

    assertThat(first.last().doubtSince()).isNull();
    assertThat(first.last().predecessor()).isEqualTo(Notifier.Predecessor.NONE);
  }

  @Test
  void givenCardThatWasThereBefore_whenItsStateMayBeOld_thenAnEditFollows() {
    first.answer = new Outcome.Done(new Notifier.Posted("m", "first"), Duration.ZERO, "", true);
    want("A", 1);
    first.works();
    pass(Duration.ofSeconds(1));

    assertThat(first.deliveries.get(1).posted()).isNotNull();
    assertThat(outbox.pending()).isEmpty();
  }
}
