package vigie.collector.event;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.ClockSteps;

/**
 * Takes what receivers bring: drops what was taken before, appends the rest to the store and, once
 * it is durable, acknowledges it and tells the listeners, in the order taken. In that order the
 * time of receipt never goes back, unless the clock did: an event whose own does not fit in is
 * stamped anew. Safe for all threads; {@link #accept} blocks while the store's queue is full.
 */
public final class EventIntake implements EventSink {
  private static final Logger log = LoggerFactory.getLogger(EventIntake.class);

  private static final Runnable NOTHING = () -> {};

  private record Waiting(long appended, Runnable whenDurable) {}

  private final EventStore store;
  private final Clock clock;
  private final List<EventListener> listeners = new CopyOnWriteArrayList<>();
  private final Counter taken;
  private final Counter doubles;
  private final Counter missing;
  private final Counter elsewhere;
  private final Counter failures;

  /** Held from the look at the marks to the append, so that both have one order. */
  private final Object order = new Object();

  private SpoolMarks marks = new SpoolMarks(); // guarded by order
  private final ClockSteps steps; // guarded by order
  private Instant lastReceived; // guarded by order

  /** Never held while anything else is called. */
  private final Object counts = new Object();

  private long appended; // guarded by counts
  private long durable; // guarded by counts
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>(); // guarded by counts

  public EventIntake(EventStore store, Clock clock, MeterRegistry meters) {
    this.store = store;
    this.clock = clock;
    steps = new ClockSteps(clock);
    lastReceived = now();
    taken = meters.counter("vigie.events.taken");
    doubles = meters.counter("vigie.events.duplicate");
    missing = meters.counter("vigie.events.missing");
    elsewhere = meters.counter("vigie.events.elsewhere");
    failures = meters.counter("vigie.event.listener.failures");
  }

  /** Adds a listener; before {@link #start}, or it misses what that tells. */
  public void listen(EventListener listener) {
    listeners.add(listener);
  }

  /**
   * Takes up where the last life of the collector ended: remembers what was taken, tells what it
   * could not tell any more. Call it once, before the receivers open.
   */
  public void start() {
    synchronized (order) {
      marks = store.recover(this::tell);
    }
  }

  @Override
  public void accept(SyslogRecords records, Runnable whenDurable, Runnable whenTold) {
    accept(records, store::append, whenDurable, whenTold);
  }

  @Override
  public void acceptAlone(SyslogRecords records, Runnable whenDurable, Runnable whenTold) {
    try {
      accept(records, store::appendUnflushed, whenDurable, whenTold);
    } finally {
      store.flush();
    }
  }

  @Override
  public boolean isPrompt() {
    return store.isPrompt();
  }

  private void accept(
      SyslogRecords records,
      BiConsumer<SyslogRecords, Runnable> to,
      Runnable whenDurable,
      Runnable whenTold) {
    int count = records.count();
    synchronized (order) {
      Instant now = noticeStep();
      records.received(fits(records.received(), now) ? records.received() : now);
      lastReceived = records.received();
      records.findLate();
      appending(count);
      try {
        to.accept(records, () -> onDurable(records, whenDurable, whenTold));
      } catch (RuntimeException | Error refused) {
        appending(-count);
        throw refused;
      }
    }
  }

  @Override
  public void accept(List<Arrival> arrivals, Runnable whenDurable) {
    List<Arrival> fresh = new ArrayList<>(arrivals.size());
    boolean[] late = new boolean[arrivals.size()];
    synchronized (order) {
      Instant now = noticeStep();
      Event.@Nullable Origin last = null;
      for (Arrival arrival : arrivals) {
        Arrival stamped = stamped(arrival, now);
        Event event = stamped.event();
        Event.Origin origin = event.origin();
        if (origin != null && last != null && !follows(origin, last)) {
          append(fresh, late, NOTHING); // so that a double within the batch is known
          fresh = new ArrayList<>();
          late = new boolean[arrivals.size()];
        }
        last = origin == null ? last : origin;
        SpoolMarks.Verdict verdict = marks.verdict(event);
        if (verdict == SpoolMarks.Verdict.KNOWN) {
          doubles.increment();
          continue;
        }
        late[fresh.size()] = verdict == SpoolMarks.Verdict.LATE || event.isOfShutdown();
        fresh.add(stamped);
      }
      if (!fresh.isEmpty()) {
        append(fresh, late, whenDurable);
        return;
      }
    }
    afterAllAppended(whenDurable);
  }

  /** Gives the time, too; with {@link #order} held. */
  private Instant noticeStep() {
    long stepped = steps.take();
    Instant now = now();
    if (stepped != 0) {
      marks.stepped(stepped);
      lastReceived = now; // what came before the step is not to be measured by the marks after it
    }
    return now;
  }

  /** As exact as it is stored. */
  private Instant now() {
    return clock.now().truncatedTo(ChronoUnit.MICROS);
  }

  /**
   * The arrival itself where its time of receipt fits in, for a storm would make much garbage of
   * copies; with {@link #order} held.
   */
  private Arrival stamped(Arrival arrival, Instant now) {
    Event event = arrival.event();
    boolean fits = fits(event.received(), now);
    lastReceived = fits ? event.received() : now;
    return fits ? arrival : arrival.receivedAt(now);
  }

  /** Whether it may stay the time of receipt; with {@link #order} held. */
  private boolean fits(Instant received, Instant now) {
    return !received.isAfter(now)
        && !received.isBefore(lastReceived)
        && received.getNano() % 1_000 == 0;
  }

  private static boolean follows(Event.Origin origin, Event.Origin last) {
    return origin.seq() > last.seq() && origin.spool().equals(last.spool());
  }

  /** Appends what is not known; with {@link #order} held. */
  private void append(List<Arrival> fresh, boolean[] late, Runnable whenDurable) {
    if (fresh.isEmpty()) {
      return;
    }
    int count = fresh.size();
    // What they came as is let go of here, for it would outlive a young collection.
    Event[] events = new Event[count];
    Arrays.setAll(events, i -> fresh.get(i).event());
    appending(count);
    try {
      store.append(fresh, () -> onDurable(events, late, whenDurable));
    } catch (RuntimeException | Error refused) {
      appending(-count);
      throw refused;
    }
    // Only now: an event that could not be appended must not be known when it comes again.
    for (Event event : events) {
      if (event.origin() != null) {
        marks.take(event);
        reportHole(event);
      }
    }
  }

  private void appending(int more) {
    synchronized (counts) {
      appended += more;
    }
  }

  /** The first copy of a known event is durable at the latest when all that was appended is. */
  private void afterAllAppended(Runnable whenDurable) {
    synchronized (counts) {
      if (durable < appended) {
        waiting.add(new Waiting(appended, whenDurable));
        return;
      }
    }
    whenDurable.run();
  }

  private void onDurable(SyslogRecords records, Runnable whenDurable, Runnable whenTold) {
    List<Runnable> ready = durable(records.count());
    acknowledge(whenDurable);
    ready.forEach(EventIntake::acknowledge);
    try {
      for (int from = 0; from < records.count(); ) {
        int to = records.endOfRun(from);
        tell(records.run(from, to), records.isLate(from));
        from = to;
      }
    } finally {
      acknowledge(whenTold); // else their source would wait for ever
    }
  }

  private void onDurable(Event[] events, boolean[] late, Runnable whenDurable) {
    List<Runnable> ready = durable(events.length);
    acknowledge(whenDurable);
    ready.forEach(EventIntake::acknowledge);
    for (int from = 0; from < events.length; ) {
      int to = endOfRun(events, late, from);
      if (to - from == 1) {
        tell(events[from], late[from]);
      } else {
        tell(run(events, from, to), late[from]);
      }
      from = to;
    }
  }

  /** Counts so many more, and gives what waited for them. */
  private List<Runnable> durable(int count) {
    List<Runnable> ready = new ArrayList<>();
    synchronized (counts) {
      durable += count;
      for (Waiting next = waiting.peek();
          next != null && next.appended <= durable;
          next = waiting.peek()) {
        ready.add(waiting.remove().whenDurable);
      }
    }
    taken.increment(count);
    return ready;
  }

  private static SyslogRun run(Event[] events, int from, int to) {
    return new SyslogRun() {
      @Override
      public int size() {
        return to - from;
      }

      @Override
      public String app(int index) {
        return events[from + index].app();
      }

      @Override
      public Event event(int index) {
        return events[from + index];
      }
    };
  }

  /** Behind the foreign records of one node that begin there, or behind the one event. */
  private static int endOfRun(Event[] events, boolean[] late, int from) {
    Event first = events[from];
    int to = from + 1;
    while (to < events.length
        && isForeign(first)
        && isForeign(events[to])
        && events[to].node().equals(first.node())
        && late[to] == late[from]) {
      to++;
    }
    return to;
  }

  private static boolean isForeign(Event event) {
    return event.origin() == null && event.type().equals("syslog");
  }

  /** A receiver that is gone must not keep the others from being answered, nor rules from it. */
  private static void acknowledge(Runnable whenDurable) {
    try {
      whenDurable.run();
    } catch (RuntimeException e) {
      log.debug("an acknowledgement found nobody cause=\"{}\"", e.toString());
    }
  }

  private void tell(Event event, boolean late) {
    for (EventListener listener : listeners) {
      try {
        listener.onEvent(event, late);
      } catch (RuntimeException e) {
        failed(listener, 1, event, e);
      }
    }
  }

  private void tell(SyslogRun run, boolean late) {
    for (EventListener listener : listeners) {
      try {
        listener.onSyslog(run, late);
      } catch (RuntimeException e) {
        failed(listener, run.size(), run.newest(), e);
      }
    }
  }

  private void failed(EventListener listener, int count, Event event, RuntimeException cause) {
    failures.increment();
    log.error(
        "listener failed, it misses events listener={} count={} type={} node={}",
        listener.getClass().getSimpleName(),
        count,
        event.type(),
        event.node(),
        cause);
  }

  private void reportHole(Event event) {
    if (marks.elsewhere() > 0) {
      elsewhere.increment((double) marks.elsewhere());
      log.info(
          "events are perhaps at another collector of the agent node={} count={}",
          event.node(),
          marks.elsewhere());
    }
    SpoolMarks.Hole hole = marks.opened();
    if (hole != null) {
      missing.increment((double) (hole.to() - hole.from() + 1));
      log.warn(
          "events are missing, lost by the agent or taken by another collector node={} from={}"
              + " to={}",
          event.node(),
          hole.from(),
          hole.to());
    }
  }
}
