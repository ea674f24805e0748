package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;

/**
 * One pass over the subjects of a scrape, on a thread that may be left behind: a reading that the
 * kernel does not answer can neither be ended nor waited for. Who waits gives up on it, and what it
 * brings after all is dropped; only then is its subject read again.
 */
final class Sweep implements Runnable {
  private final List<Entry> todo;
  private final Predicate<String> includedNames;
  private final Clock clock;
  private final List<MetricSnapshot> taken; // guarded by this, as what follows
  private final List<MetricSnapshot> foreign;
  private int at;
  private long since;
  private boolean ended;
  private boolean leftBehind;

  /**
   * @param from index of the first to be read; the results of those before stay as they are
   * @param taken where snapshots go; to be read once {@link #await} has answered
   * @param foreign where those go whose names are others' choice
   */
  Sweep(
      List<Entry> todo,
      int from,
      Predicate<String> includedNames,
      Clock clock,
      List<MetricSnapshot> taken,
      List<MetricSnapshot> foreign) {
    this.todo = todo;
    this.at = from;
    this.includedNames = includedNames;
    this.clock = clock;
    this.taken = taken;
    this.foreign = foreign;
    this.since = clock.nanos();
  }

  /**
   * A subject and how its last reading went. Made once; a hanging one is nobody else's to touch.
   */
  static final class Entry {
    final Subject subject;
    volatile boolean hanging;
    @Nullable Throwable failure;
    long nanos;

    Entry(Subject subject) {
      this.subject = subject;
    }
  }

  @Override
  public void run() {
    List<MetricSnapshot> found = new ArrayList<>();
    for (Entry entry = current(); entry != null; entry = current()) {
      Throwable failure = entry.hanging ? new IOException("still hanging") : read(entry, found);
      if (!end(entry, failure, found)) {
        entry.hanging = false;
        return;
      }
      found.clear();
    }
  }

  private synchronized @Nullable Entry current() {
    if (at < todo.size()) {
      return todo.get(at);
    }
    ended = true;
    notifyAll();
    return null;
  }

  private @Nullable Throwable read(Entry entry, List<MetricSnapshot> found) {
    Throwable failure = null;
    try {
      entry.subject.collect();
    } catch (IOException | RuntimeException | Error e) {
      // An Error too: a thread that died of it would leave the subject hanging for ever.
      failure = e;
    }
    for (Family family : entry.subject.families()) {
      try {
        MetricSnapshot snapshot = family.take();
        if (snapshot != null && includedNames.test(family.name())) {
          found.add(snapshot);
        }
      } catch (RuntimeException | Error twice) {
        // Two values with the same labels: the library refuses the family as a whole.
        failure = twice;
      }
    }
    return failure;
  }

  /** Hands a result over; false when nobody waits for it any more. */
  private synchronized boolean end(
      Entry entry, @Nullable Throwable failure, List<MetricSnapshot> found) {
    if (leftBehind) {
      return false;
    }
    long now = clock.nanos();
    entry.failure = failure;
    entry.nanos = now - since;
    (entry.subject.isForeign() ? foreign : taken).addAll(found);
    since = now;
    at++;
    return true;
  }

  /**
   * Waits for the end of the pass, or until one subject takes longer than the limit.
   *
   * @return the index from which another pass has to go on; the number of subjects at the end
   */
  synchronized int await(long limitNanos) {
    try {
      while (!ended) {
        long left = limitNanos - (clock.nanos() - since);
        if (left <= 0) {
          return leave("no answer within " + limitNanos / 1_000_000 + "ms");
        }
        wait(left / 1_000_000 + 1);
      }
      return todo.size();
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
      leave("interrupted");
      return todo.size();
    }
  }

  private int leave(String why) {
    leftBehind = true;
    Entry entry = todo.get(at);
    entry.hanging = true;
    entry.failure = new IOException(why);
    entry.nanos = clock.nanos() - since;
    return at + 1;
  }
}
