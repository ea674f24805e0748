package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import vigie.collector.alert.Alert;
import vigie.collector.outbox.Card;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.OutboxStore;
import vigie.collector.outbox.Outcome;
import vigie.collector.testing.FakeDiscord.Message;

/**
 * One incident from firing to resolved, with the power cut before and after each step that the
 * outbox takes: each write to its store, each request. The card is right in the end, and there is a
 * second one only where Discord stored the first and its id was not on disk.
 */
class KillPointsTest {
  private static final Alert DOWN = Alerts.firing("ProbeDown", "p1");
  private static final Alert UP = Alerts.resolved(DOWN);

  /** The power is gone: thrown by the step that it falls on. */
  private static final class PowerCut extends Error {
    private static final long serialVersionUID = 1;
  }

  private boolean bot;
  private int nonceHits;
  private int step;
  private int cutAt;

  /** Steps of the run without a cut. */
  private int steps;

  /** Whether the cut fell between Discord's storing a post and its id being on the disk. */
  private boolean cutAfterStore;

  private boolean storedUnrecorded;

  @Test
  void givenPowerCutAtAnyStep_whenStartedAgain_thenTheCardIsRightAndOneUnlessItCouldNotBeKnown()
      throws IOException {
    cutAt = -1;
    incident();
    steps = step;
    assertThat(steps).as("writes and requests, before and after each").isGreaterThanOrEqualTo(12);
    int doubled = 0;
    for (int at = 0; at < steps; at++) {
      cutAt = at;
      doubled += incident() ? 1 : 0;
    }
    assertThat(doubled).as("the case that cannot be avoided was met").isGreaterThan(0);
  }

  @Test
  void givenBotAndPowerCutAtAnyStep_whenStartedAgain_thenThereIsExactlyOneCard()
      throws IOException {
    bot = true;
    cutAt = -1;
    incident();
    steps = step;
    assertThat(steps).isGreaterThanOrEqualTo(12);
    for (int at = 0; at < steps; at++) {
      cutAt = at;
      incident();
    }
    assertThat(nonceHits).as("posts that Discord had already").isGreaterThan(0);
  }

  private boolean incident() throws IOException {
    step = 0;
    cutAfterStore = false;
    storedUnrecorded = false;
    try (Rig rig = new Rig()) {
      rig.fake.limits(false);
      if (bot) {
        rig.bot();
      }
      rig.around(Cutting::new, CuttingNotifier::new);
      boolean fired = cut(() -> rig.start().accept(DOWN));
      if (fired) {
        rig.dead();
        rig.start(List.of(DOWN));
        rig.settle();
      }
      boolean resolved = cut(() -> rig.accept(UP));
      if (resolved) {
        rig.dead();
        rig.start(List.of());
        rig.settle();
      }
      List<Message> messages = rig.fake.messages();
      Message last = messages.get(messages.size() - 1);
      assertThat(last.title()).as("cut at step %d", cutAt).contains("Resolved");
      assertThat(rig.outbox.pending()).isEmpty();
      assertThat(messages).as("cut at step %d", cutAt).hasSize(cutAfterStore && !bot ? 2 : 1);
      if (messages.size() == 2) {
        assertThat(last.text()).contains("may replace");
      }
      assertThat(rig.fake.violations()).isEmpty();
      if (bot) {
        nonceHits += rig.rest.nonceHits();
        assertThat(last.text()).doesNotContain("may replace", "FIRING");
      }
      return messages.size() == 2;
    }
  }

  /** Whether the power was cut on the way. */
  private boolean cut(Runnable run) {
    try {
      run.run();
      return false;
    } catch (PowerCut cut) {
      return true;
    }
  }

  private void step() {
    if (step++ == cutAt) {
      cutAfterStore = storedUnrecorded;
      throw new PowerCut();
    }
  }

  private final class Cutting implements OutboxStore {
    private final OutboxStore store;

    Cutting(OutboxStore store) {
      this.store = store;
    }

    @Override
    public List<Card> load() {
      return store.load();
    }

    @Override
    public void save(Collection<Card> cards) {
      step();
      store.save(cards);
      storedUnrecorded &= cards.stream().noneMatch(card -> card.posted() != null);
      step();
    }

    @Override
    public void remove(String key) {
      step();
      store.remove(key);
      step();
    }

    @Override
    public Map<String, Instant> loadWaits() {
      return store.loadWaits();
    }

    @Override
    public void saveWaits(Map<String, Instant> waits) {
      step();
      store.saveWaits(waits);
      step();
    }
  }

  /** Cuts before a request goes out and after its answer came, before the outbox hears of it. */
  private final class CuttingNotifier implements Notifier {
    private final Notifier notifier;

    CuttingNotifier(Notifier notifier) {
      this.notifier = notifier;
    }

    @Override
    public Lane lane() {
      return notifier.lane();
    }

    @Override
    public CompletionStage<Outcome> deliver(Delivery delivery) {
      step();
      Outcome outcome = notifier.deliver(delivery).toCompletableFuture().join();
      storedUnrecorded |= delivery.posted() == null;
      step();
      return CompletableFuture.completedFuture(outcome);
    }
  }
}
