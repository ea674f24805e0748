package vigie.collector.notify.discord;

import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import vigie.collector.dispatch.Message;
import vigie.collector.outbox.Card;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.OutboxStore;
import vigie.collector.outbox.Outcome;

/**
 * Cuts the power at a step of the outbox: before or after a write to its store, before a request
 * goes out, or after its answer came and before the outbox hears of it.
 */
final class PowerCuts {
  /** The power is gone: thrown by the step that it falls on. */
  static final class PowerCut extends Error {
    private static final long serialVersionUID = 1;
  }

  private final Set<String> recorded = new HashSet<>();
  private int step;
  private int cutAt = -1;
  private int between;
  private boolean storedUnrecorded;
  private int unheard;
  private boolean waitUnrecorded;

  /** Cuts at that step from now on, 0 for the next; negative for never. */
  void cutAfter(int steps) {
    step = 0;
    cutAt = steps;
  }

  /** Steps since the last {@link #cutAfter}. */
  int steps() {
    return step;
  }

  /** Cuts that fell between Discord's storing a card and its id being on the disk. */
  int between() {
    return between;
  }

  /** Cuts that fell between Discord's naming a wait and that being on the disk. */
  int unheard() {
    return unheard;
  }

  /** Ids of all cards that were ever on the disk. */
  Set<String> recorded() {
    return recorded;
  }

  /** Whether the power was cut on the way. */
  static boolean cut(Runnable run) {
    try {
      run.run();
      return false;
    } catch (PowerCut cut) {
      return true;
    }
  }

  private void step() {
    if (step++ == cutAt) {
      between += storedUnrecorded ? 1 : 0;
      unheard += waitUnrecorded ? 1 : 0;
      storedUnrecorded = false;
      waitUnrecorded = false;
      throw new PowerCut();
    }
  }

  OutboxStore around(OutboxStore store) {
    return new Cutting(store);
  }

  Notifier around(Notifier notifier) {
    return new CuttingNotifier(notifier);
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
      for (Card card : cards) {
        Notifier.Posted posted = card.posted();
        if (posted != null) {
          storedUnrecorded = false;
          recorded.add(posted.id());
        }
      }
      step();
    }

    @Override
    public void remove(String key) {
      step();
      store.remove(key);
      // A card that is over when its post is confirmed is never written.
      storedUnrecorded = false;
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
      waitUnrecorded = false;
      step();
    }
  }

  private void heard(Outcome outcome) {
    waitUnrecorded = outcome instanceof Outcome.Later later && later.retryAfter() != null;
  }

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
    public Set<Message.Kind> tells() {
      return notifier.tells();
    }

    @Override
    public CompletionStage<Outcome> deliver(Delivery delivery) {
      step();
      Outcome outcome = notifier.deliver(delivery).toCompletableFuture().join();
      storedUnrecorded = delivery.posted() == null && outcome instanceof Outcome.Done;
      heard(outcome);
      step();
      return CompletableFuture.completedFuture(outcome);
    }

    @Override
    public CompletionStage<Outcome> tell(Telling telling) {
      step();
      Outcome outcome = notifier.tell(telling).toCompletableFuture().join();
      heard(outcome);
      step();
      return CompletableFuture.completedFuture(outcome);
    }
  }
}
