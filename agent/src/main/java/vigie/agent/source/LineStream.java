package vigie.agent.source;

import com.google.re2j.Matcher;
import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * The lines of one source on their way to counters and events: each is looked at by the patterns
 * that its program or unit concerns, counted by all that match, and told as an event by the first
 * of them. Repetitions are folded. What is too much waits where the line has a place to go on from,
 * and is held back and counted where it has none.
 */
final class LineStream implements Lines, AutoCloseable {
  // Older lines are history: an agent that catches up must not count them as of now.
  private static final Duration NEWS = Duration.ofMinutes(5);
  private static final Duration HELD_BACK_EVERY = Duration.ofMinutes(1);
  private static final int MOST_ORIGINS = 1024;
  private static final int MOST_TEXT = 2048;
  private static final int MOST_FIELD = 256;
  private static final int MOST_MORE = 8192;

  private final String source;
  private final List<Watch> watches;
  private final boolean chosen;
  private final int eventsPerSecond;
  private final EventSink sink;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Counter read;
  private final Counter folded;
  private final Counter heldBack;

  // All below guarded by lock; it is given up while the stream waits.
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();
  private final Map<Origin, Watch[]> concerned = new HashMap<>();
  private final Folding folding;
  private final EventRate rate;
  private @Nullable Place place;
  private long untold;
  private @Nullable Instant untoldSince;
  private long toldAt;
  private boolean closed;

  // Read without the lock, which its holder may keep while the disk hangs.
  private volatile boolean quiet = true;

  /** A pattern with its counters. */
  record Watch(PatternConfig pattern, LogCounts counts) {}

  private record Origin(String unit, String identifier) {}

  /**
   * @param sink blocks while it cannot write; throws where it gave that up
   * @param watches in their order
   * @param chosen whether the operator named them for this source: then also lines that don't say
   *     who wrote them are for those that want certain programs
   */
  LineStream(
      String source,
      List<Watch> watches,
      boolean chosen,
      int eventsPerSecond,
      EventSink sink,
      Clock clock,
      Scheduler scheduler,
      LogMeters meters) {
    this.source = source;
    this.watches = watches;
    this.chosen = chosen;
    this.eventsPerSecond = eventsPerSecond;
    this.sink = sink;
    this.clock = clock;
    this.scheduler = scheduler;
    this.read = meters.lines(source);
    this.folded = meters.folded();
    this.heldBack = meters.heldBack(source);
    this.folding = new Folding(clock);
    this.rate = new EventRate(clock, eventsPerSecond);
    this.toldAt = clock.nanos();
  }

  @Override
  public void accept(Line line) {
    lock.lock();
    try {
      if (closed) {
        refuse(line);
        return;
      }
      read.increment();
      boolean isNews = Duration.between(line.time(), clock.now()).compareTo(NEWS) <= 0;
      Watch first = null;
      Matcher match = null;
      for (Watch watch : concerned(line)) {
        boolean tells = first == null && watch.pattern.event();
        Matcher found = tells || isNews ? watch.pattern.match().find(line.text()) : null;
        if (found != null && isNews) {
          watch.counts.count(found);
        }
        if (found != null && tells) {
          first = watch;
          match = found;
        }
      }
      List<Event> made =
          first == null || match == null ? List.of() : events(line, first.pattern, match);
      if (!closed) {
        write(line.own(), made);
      }
      if (closed) {
        refuse(line);
      }
      place = line.place();
      quiet = folding.isEmpty() && untold == 0;
    } finally {
      lock.unlock();
    }
  }

  /** So that its source does not count it as read. */
  private static void refuse(Line line) {
    if (line.place() != null) {
      IOException refused = new IOException("a line came when nothing can be told any more");
      throw new UncheckedIOException(refused.getMessage(), refused);
    }
  }

  private Watch[] concerned(Line line) {
    Origin origin = new Origin(line.unit(), line.identifier());
    Watch[] these = concerned.get(origin);
    if (these == null) {
      these = watches.stream().filter(w -> concerns(w.pattern, line)).toArray(Watch[]::new);
      if (concerned.size() >= MOST_ORIGINS) {
        concerned.clear();
      }
      concerned.put(origin, these);
      for (Watch watch : these) {
        watch.counts.show();
      }
    }
    return these;
  }

  private boolean concerns(PatternConfig pattern, Line line) {
    if (!pattern.isChoosy()) {
      return true;
    }
    if (line.unit().isEmpty() && line.identifier().isEmpty()) {
      return chosen;
    }
    return pattern.identifiers().contains(line.identifier())
        || pattern.units().stream().anyMatch(glob -> Wildcard.matches(glob, line.unit()));
  }

  /** What is to be told of a match; empty where it is a repetition, or too much. */
  private List<Event> events(Line line, PatternConfig pattern, Matcher match) {
    Event event = event(line, pattern, match);
    List<String> parts = new ArrayList<>();
    for (String field : pattern.foldBy()) {
      parts.add(event.fields().getOrDefault(field, ""));
    }
    Folding.Key key =
        Folding.Key.of(
            pattern.name(), parts.isEmpty() ? List.of(line.identifier(), line.text()) : parts);
    if (folding.takes(key, event)) {
      folded.increment();
      return List.of();
    }
    if (!mayTell(line)) {
      return List.of();
    }
    Event summary = folding.told(key, event);
    return summary == null ? List.of(event) : List.of(event, summary.at(line.place()));
  }

  private static Event event(Line line, PatternConfig pattern, Matcher match) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("pattern", pattern.name());
    fields.put("source", line.source());
    put(fields, "unit", line.unit());
    put(fields, "identifier", line.identifier());
    fields.putAll(pattern.captured(match, MOST_FIELD));
    String text = line.text();
    int end = text.indexOf('\n');
    if (end >= 0) {
      put(fields, "more", cut(text.substring(end + 1), MOST_MORE));
      text = text.substring(0, end);
    }
    Severity severity = pattern.severity();
    return new Event(
        line.time(),
        severity == null ? line.severity() : severity,
        EventType.LOG_MATCH,
        fields,
        cut(text, MOST_TEXT),
        line.place());
  }

  private static void put(Map<String, String> fields, String name, String value) {
    if (!value.isEmpty()) {
      fields.put(name, value);
    }
  }

  private static String cut(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most - 1) + "…";
  }

  /** Takes from the rate; waits for it where the source can wait. False: it is not to be told. */
  private boolean mayTell(Line line) {
    Duration wait = rate.take();
    while (!wait.isZero() && line.place() != null) {
      if (!waitFor(wait)) {
        return false;
      }
      wait = rate.take();
    }
    if (!wait.isZero()) {
      heldBack.increment();
      untold++;
      untoldSince = untoldSince == null ? line.time() : untoldSince;
    }
    return wait.isZero();
  }

  /** Where that cannot be, as the agent ends, the source is read no further. */
  private void write(List<Event> own, List<Event> made) {
    if (own.isEmpty() && made.isEmpty()) {
      return;
    }
    List<Event> together = new ArrayList<>(own);
    together.addAll(made);
    try {
      sink.acceptAll(together);
    } catch (UncheckedIOException e) {
      closed = true;
    }
  }

  /** False where the stream was closed, or its thread is to end. */
  private boolean waitFor(Duration wait) {
    boolean[] over = {false};
    Scheduler.Task alarm = scheduler.after(wait, () -> ring(over));
    try {
      while (!over[0] && !closed) {
        wake.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      alarm.cancel();
    }
    return !closed;
  }

  private void ring(boolean[] over) {
    lock.lock();
    try {
      over[0] = true;
      wake.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Tells the repetitions and what was held back, as far as their time has come. */
  void tellDue() {
    lock.lock();
    try {
      if (!closed) {
        tellDue(false);
        quiet = folding.isEmpty() && untold == 0;
      }
    } finally {
      lock.unlock();
    }
  }

  private void tellDue(boolean all) {
    for (Event summary : folding.due(all)) {
      writeOnce(summary.at(place));
    }
    long now = clock.nanos();
    if (untold > 0 && (all || now - toldAt >= HELD_BACK_EVERY.toNanos())) {
      toldAt = now;
      Map<String, String> fields = new LinkedHashMap<>();
      fields.put("pattern", "vigie.held_back");
      fields.put("source", source);
      fields.put("held_back", Long.toString(untold));
      fields.put("first", String.valueOf(untoldSince));
      String text =
          untold
              + " matches of "
              + source
              + " were held back: more than "
              + eventsPerSecond
              + " a second; each is counted";
      untold = 0;
      untoldSince = null;
      writeOnce(new Event(clock.now(), Severity.WARNING, EventType.LOG_MATCH, fields, text, place));
    }
  }

  /** A summary that the disk refuses is let go: what it sums up was counted. */
  private void writeOnce(Event event) {
    try {
      sink.accept(event);
    } catch (UncheckedIOException e) {
      heldBack.increment();
    }
  }

  /** Whether there is nothing to tell later. Never waits. */
  boolean isQuiet() {
    return quiet;
  }

  /** Tells what is left; lines that come later are dropped, to be read again after a start. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        tellDue(true);
      }
      closed = true;
      wake.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
