package vigie.collector.receive;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;

/** Keeps events in memory; they are durable when the test says so, and it blocks when told to. */
public final class HeldSink implements EventSink {
  private final List<Event> events = new ArrayList<>();
  private final List<byte[]> raws = new ArrayList<>();
  private final Queue<Runnable> held = new ArrayDeque<>();
  private final Queue<String> takers = new ConcurrentLinkedQueue<>();
  private boolean blocked;
  private int waiting;
  private boolean holding;
  private volatile boolean prompt;
  private @Nullable Error failure;

  /** Says from now on that it takes what is alone at once. */
  public HeldSink prompt() {
    prompt = true;
    return this;
  }

  @Override
  public boolean isPrompt() {
    return prompt;
  }

  /** From now on nothing becomes durable by itself. */
  public synchronized HeldSink hold() {
    holding = true;
    return this;
  }

  /** Is thrown once: instead of taking, or, while it holds, behind that. */
  public synchronized void fail(Error once) {
    failure = once;
  }

  /** Blocks the callers until {@link #unblock}. */
  public synchronized void block() {
    blocked = true;
  }

  /** How many callers it blocks. */
  public synchronized int waiting() {
    return waiting;
  }

  public synchronized void unblock() {
    blocked = false;
    notifyAll();
  }

  /** What is held becomes durable, and all that comes. */
  public void release() {
    List<Runnable> all;
    synchronized (this) {
      holding = false;
      all = new ArrayList<>(held);
      held.clear();
    }
    all.forEach(Runnable::run);
  }

  /** The held one at the index becomes durable, before others that came earlier. */
  public void releaseOne(int index) {
    Runnable one;
    synchronized (this) {
      one = new ArrayList<>(held).get(index);
    }
    one.run();
  }

  @Override
  public void accept(List<Arrival> arrivals, Runnable whenDurable) {
    synchronized (this) {
      while (blocked) {
        try {
          waiting++;
          wait();
          waiting--;
        } catch (InterruptedException stopped) {
          Thread.currentThread().interrupt();
          return;
        }
      }
      if (!holding) {
        fail();
      }
      for (Arrival arrival : arrivals) {
        events.add(arrival.event());
        raws.add(arrival.raw());
      }
      if (holding) {
        held.add(whenDurable);
        fail();
        return;
      }
    }
    takers.add(Thread.currentThread().getName());
    whenDurable.run();
  }

  /** The threads that brought what was durable at once. */
  public Queue<String> takers() {
    return takers;
  }

  private void fail() {
    Error once = failure;
    failure = null;
    if (once != null) {
      throw once;
    }
  }

  public synchronized List<Event> events() {
    return new ArrayList<>(events);
  }

  public synchronized List<String> texts() {
    return events.stream().map(Event::text).toList();
  }

  public synchronized byte[] raw(int index) {
    return raws.get(index);
  }

  public synchronized int size() {
    return events.size();
  }
}
