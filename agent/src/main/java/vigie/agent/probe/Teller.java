package vigie.agent.probe;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.base.time.Scheduler;

/**
 * Hands events to the sink in order, on a thread that may wait for the disk. What the sink refuses
 * is offered again until it is taken; meanwhile only the newest state of each probe and target is
 * kept, and the newest event of each other type. Safe for all threads.
 */
final class Teller {
  private static final Logger log = LoggerFactory.getLogger(Teller.class);
  private static final Duration RETRY = Duration.ofSeconds(5);
  private static final int MOST_WAITING = 4096;

  private final EventSink sink;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Counter refused;
  private final Counter superseded;
  private final Counter broken;
  // Guarded by this.
  private final Deque<Waiting> queue = new ArrayDeque<>();
  private int mostWaiting = MOST_WAITING;
  private boolean draining;
  private boolean refusing;

  /** An event, or how to make it, which may take time and is done once. */
  private static final class Waiting {
    private final Key key;
    private final Supplier<Event> maker;
    private @Nullable Event event;

    Waiting(Key key, Supplier<Event> maker) {
      this.key = key;
      this.maker = maker;
    }

    Event event() {
      Event made = event;
      if (made == null) {
        made = maker.get();
        event = made;
      }
      return made;
    }
  }

  /** What a newer event makes needless: up and down are one state. */
  private record Key(String probe, String target, EventType type) {
    static Key of(ProbeConfig config, EventType type) {
      return new Key(
          config.name(), config.target(), type == EventType.PROBE_UP ? EventType.PROBE_DOWN : type);
    }
  }

  Teller(EventSink sink, Executor executor, Scheduler scheduler, MeterRegistry meters) {
    this.sink = sink;
    this.executor = executor;
    this.scheduler = scheduler;
    this.refused =
        Counter.builder("vigie.probe.events.refused")
            .description("Times that the spool did not take an event of a probe; tried again.")
            .register(meters);
    this.superseded = dropped(meters, "superseded");
    this.broken = dropped(meters, "broken");
  }

  private static Counter dropped(MeterRegistry meters, String reason) {
    return Counter.builder("vigie.probe.events.dropped")
        .description("Events of probes given up: for a newer one of the probe, or by a bug.")
        .tag("reason", reason)
        .register(meters);
  }

  /** Takes an event to tell; {@code maker} runs on the thread that may wait. */
  synchronized void tell(ProbeConfig config, EventType type, Supplier<Event> maker) {
    queue.addLast(new Waiting(Key.of(config, type), maker));
    if (queue.size() > mostWaiting) {
      keepNewest();
      // All may be needed, of very many probes: don't look again at each.
      mostWaiting = Math.max(MOST_WAITING, 2 * queue.size());
    }
    if (!refusing) {
      startDraining();
    }
  }

  private synchronized void startDraining() {
    if (!draining && !queue.isEmpty()) {
      draining = true;
      try {
        executor.execute(this::drain);
      } catch (RejectedExecutionException stopping) {
        draining = false;
      }
    }
  }

  private void drain() {
    boolean finished = false;
    @Nullable Waiting offered = null;
    try {
      while (true) {
        Waiting next;
        synchronized (this) {
          next = queue.peekFirst();
          if (next == null) {
            draining = false;
            finished = true;
            return;
          }
        }
        offered = next;
        try {
          sink.accept(next.event());
        } catch (UncheckedIOException e) {
          refused(e);
          finished = true;
          return;
        }
        taken(next);
      }
    } finally {
      if (!finished) {
        // An error on the way: drop what caused it, or it would come back for ever.
        abandon(offered);
      }
    }
  }

  private synchronized void taken(Waiting event) {
    queue.remove(event);
    if (refusing) {
      refusing = false;
      log.info("the spool takes events again waiting={}", queue.size());
    }
  }

  private synchronized void refused(UncheckedIOException e) {
    refused.increment();
    if (!refusing) {
      refusing = true;
      log.error("an event could not be spooled, trying again until it can cause=\"{}\"", why(e));
    }
    keepNewest();
    draining = false;
    scheduler.after(RETRY, this::startDraining);
  }

  private synchronized void abandon(@Nullable Waiting cause) {
    queue.remove(cause);
    broken.increment();
    draining = false;
    startDraining();
  }

  private void keepNewest() {
    Set<Key> seen = new HashSet<>();
    for (Iterator<Waiting> newestFirst = queue.descendingIterator(); newestFirst.hasNext(); ) {
      if (!seen.add(newestFirst.next().key)) {
        newestFirst.remove();
        superseded.increment();
      }
    }
  }

  private static String why(UncheckedIOException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
