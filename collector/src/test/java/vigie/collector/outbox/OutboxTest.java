package vigie.collector.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.label.Labels;
import vigie.collector.store.state.LogOutboxStore;
import vigie.collector.store.state.StateLog;

class OutboxTest {
  private final ManualClock clock = new ManualClock();
  private final List<Notifier.Delivery> deliveries = new ArrayList<>();
  private CompletionStage<Outcome> answer = done();

  private static CompletionStage<Outcome> done() {
    return CompletableFuture.completedFuture(
        new Outcome.Done(new Notifier.Posted("1", "t"), Duration.ZERO));
  }

  private final Notifier notifier =
      new Notifier() {
        @Override
        public Lane lane() {
          return new Lane("o", "t", "l");
        }

        @Override
        public CompletionStage<Outcome> deliver(Delivery delivery) {
          deliveries.add(delivery);
          if (answer == null) {
            throw new IllegalArgumentException("secret");
          }
          return answer;
        }
      };

  private final Outbox outbox =
      new Outbox(
          new LogOutboxStore(StateLog.open(Path.of("/s"), new ForgetfulFiles(1))),
          Map.of("r", List.of(notifier), "none", List.of()),
          clock,
          clock,
          Runnable::run,
          new SimpleMeterRegistry(),
          () -> 0);

  private static Notification wanted(String receiver, String incident, int firing) {
    Alert alert =
        new Alert(
            Labels.of("alertname", "A"),
            Labels.EMPTY,
            firing > 0 ? AlertState.FIRING : AlertState.RESOLVED,
            Instant.EPOCH,
            Instant.EPOCH,
            firing > 0 ? null : Instant.EPOCH,
            Instant.EPOCH,
            1,
            "",
            List.of());
    return new Notification(
        incident,
        "{}:{}",
        receiver,
        Labels.EMPTY,
        alert.labels(),
        Labels.EMPTY,
        List.of(alert),
        firing,
        firing > 0 ? 0 : 1,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  @Test
  void givenNotStarted_whenWanted_thenNothingGoesOut() {
    outbox.want(List.of(wanted("r", "i", 1)));
    assertThat(deliveries).isEmpty();

    outbox.start();

    assertThat(deliveries).hasSize(1);
  }

  @Test
  void givenNotifierThatThrows_whenSending_thenASmallerFormIsTriedAndItsMessageIsNotShown() {
    outbox.start();
    answer = null;
    outbox.want(List.of(wanted("r", "i", 1)));
    assertThat(outbox.pending().get(0).lastError())
        .contains("BUG: IllegalArgumentException at ", "OutboxTest.java")
        .doesNotContain("secret");
    answer = done();

    clock.advance(Duration.ofSeconds(1));

    assertThat(deliveries).extracting(Notifier.Delivery::reduction).containsExactly(0, 1);
    assertThat(deliveries.get(1).doubtSince()).isNull();
    assertThat(outbox.pending()).isEmpty();
  }

  @Test
  void givenRequestUnderWay_whenNewerStatesCome_thenOnlyTheNewestIsSentNext() {
    outbox.start();
    CompletableFuture<Outcome> first = new CompletableFuture<>();
    answer = first;
    outbox.want(List.of(wanted("r", "i", 1)));
    answer = done();
    outbox.want(List.of(wanted("r", "i", 2)));
    outbox.want(List.of(wanted("r", "i", 3)));
    assertThat(outbox.pending().get(0).state()).isEqualTo(PendingCard.State.SENDING);

    first.complete(new Outcome.Done(new Notifier.Posted("1", "t"), Duration.ZERO));

    assertThat(deliveries).hasSize(2);
    assertThat(deliveries.get(1).wanted().firing()).isEqualTo(3);
    assertThat(deliveries.get(1).posted()).isNotNull();
  }

  @Test
  void givenBusyLane_whenItIsFree_thenNewsBeforeNewTexts() {
    outbox.start();
    outbox.want(List.of(wanted("r", "old", 1)));
    CompletableFuture<Outcome> busy = new CompletableFuture<>();
    answer = busy;
    outbox.want(List.of(wanted("r", "other", 1)));
    answer = done();
    outbox.want(List.of(wanted("r", "old", 2)));
    outbox.want(List.of(wanted("r", "new", 1)));

    busy.complete(new Outcome.Done(new Notifier.Posted("2", "t"), Duration.ZERO));

    assertThat(deliveries.stream().map(d -> d.wanted().incident()))
        .containsExactly("old", "other", "new", "old");
  }

  @Test
  void givenReceiverThatIsGone_whenReloaded_thenSaidAndDroppedOnceOver() {
    outbox.start();
    answer = CompletableFuture.completedFuture(Outcome.Later.because("away"));
    outbox.want(List.of(wanted("r", "i", 1)));
    outbox.reload(Map.of());
    assertThat(outbox.pending().get(0).lastError()).contains("no longer configured");

    outbox.reload(Map.of("r", List.of(notifier)));
    outbox.want(List.of(wanted("r", "i", 0)));
    outbox.reload(Map.of());

    assertThat(outbox.pending()).isEmpty();
  }

  @Test
  void givenSeenCardWhoseReceiverIsGone_whenItsIncidentEnds_thenNotKeptForEver() {
    outbox.start();
    outbox.want(List.of(wanted("r", "i", 1)));
    outbox.reload(Map.of());
    outbox.want(List.of(wanted("r", "i", 0)));

    assertThat(outbox.pending()).isEmpty();
    assertThat(outbox.open()).isEmpty();
    outbox.reload(Map.of("r", List.of(notifier)));
    assertThat(deliveries).hasSize(1);
  }

  @Test
  void givenCardThatIsOver_whenAskedFor_thenStillKnownButNoLongerKept() {
    outbox.start();
    outbox.want(List.of(wanted("r", "i", 1)));
    outbox.want(List.of(wanted("r", "i", 0)));

    assertThat(outbox.open()).isEmpty();
    assertThat(outbox.shown("i", "1")).get().matches(Notification::isResolved);
    assertThat(outbox.shown("i", "2")).isEmpty();
    for (int i = 0; i < 100; i++) {
      outbox.want(List.of(wanted("r", "next" + i, 1)));
      outbox.want(List.of(wanted("r", "next" + i, 0)));
    }
    assertThat(outbox.shown("i", "1")).isEmpty();
  }

  @Test
  void givenReceiverWithoutWayOut_whenWanted_thenNoCard() {
    outbox.start();
    outbox.want(List.of(wanted("none", "i", 1)));

    assertThat(outbox.pending()).isEmpty();
  }

  @Test
  void givenManyOverUnseen_whenTheBoundIsReached_thenTheOldestOfThemGo() {
    answer = CompletableFuture.completedFuture(Outcome.Later.because("away"));
    for (int i = 0; i < 10_050; i += 50) {
      List<Notification> batch = new ArrayList<>();
      for (int k = i; k < i + 50; k++) {
        batch.add(wanted("r", "i" + k, k % 2));
      }
      outbox.want(batch);
      clock.advance(Duration.ofSeconds(1));
    }

    assertThat(outbox.pending()).hasSize(10_000);
    assertThat(outbox.open()).hasSize(5_025);
  }
}
