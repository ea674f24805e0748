package vigie.collector.event;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Keeps events and finds them again. Safe for all threads. */
public interface EventStore {
  /**
   * Gives back what earlier lives took; to be called once, before the first append. Events that
   * were durable when a kill kept them from being told are told to {@code untold} now, in order: a
   * kill may have fallen between the telling and the record of it, so the last second may be told
   * twice.
   *
   * @return what was taken up to now, for de-duplication
   */
  SpoolMarks recover(EventListener untold);

  /**
   * Appends the events, in order; {@code whenDurable} runs once, in the order of appends, after the
   * sync that covers them. Blocks while the queue before the disk is full (bounded by bytes); see
   * {@link EventSink#accept} for a disk that refuses.
   */
  void append(List<EventSink.Arrival> arrivals, Runnable whenDurable);

  /**
   * The same of foreign records.
   *
   * @param records written to by nobody before {@code whenDurable}, and read by nobody from then on
   */
  default void append(SyslogRecords records, Runnable whenDurable) {
    append(records.arrivals(), whenDurable);
  }

  /**
   * The same, to be followed by {@link #flush} on the same thread: then that thread itself may take
   * them to the disk.
   */
  default void appendUnflushed(SyslogRecords records, Runnable whenDurable) {
    append(records, whenDurable);
  }

  /**
   * Sees to it that what was appended becomes durable, if no other thread does by doing it: then
   * callbacks run before it returns, unless the disk refuses. With no lock held that a callback may
   * want.
   */
  default void flush() {}

  /** Whether the disk refuses nothing and was quick at the last write and sync. */
  default boolean isPrompt() {
    return false;
  }

  /** {@link #append(List, Runnable)} for one. */
  default void append(Event event, byte[] raw, Runnable whenDurable) {
    append(List.of(new EventSink.Arrival(event, raw)), whenDurable);
  }

  /**
   * What matches, newest first, at most {@code query.limit()}.
   *
   * @throws IllegalArgumentException if {@code before} or {@code after} is no id
   * @throws IllegalStateException if it takes too long, saying what to do
   */
  EventPage search(EventQuery query);

  /**
   * Shows everything that matches to {@code visitor}, whatever the query's limit, without the
   * records as they came, in no order that is promised, until that says false.
   *
   * @return warnings, as {@link EventPage#warnings}
   * @throws IllegalStateException if it takes too long, saying what to do
   */
  List<String> scan(EventQuery query, Predicate<Event> visitor);

  /**
   * Counts what matches by time and stream, many times as fast as {@link #scan}. Events that
   * happened within a microsecond of {@code since} and {@code until} may count, too.
   *
   * @param names of {@link EventStream}'s components; the others are {@code ""} and 0
   * @param tally told of each bucket and stream, perhaps several times, of which the counts add up
   * @return warnings, as {@link EventPage#warnings}
   */
  default List<String> tally(EventQuery query, Set<String> names, Buckets buckets, Tally tally) {
    return scan(
        query,
        event -> {
          long bucket = buckets.of(event.time());
          tally.add(bucket, EventStream.of(event).only(names), 1);
          return true;
        });
  }

  /**
   * Pieces of time of equal width, in microseconds since the epoch: bucket 1 is from {@code
   * origin}, excluded, to {@code origin + width}, included.
   */
  record Buckets(long origin, long width) {
    long of(Instant time) {
      long micros = time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000;
      return Math.floorDiv(micros - origin + width - 1, width);
    }
  }

  /** Gets what {@link #tally} counts. */
  interface Tally {
    void add(long bucket, EventStream stream, long count);
  }

  /** One event by its id. */
  Optional<StoredEvent> find(String id);

  /**
   * The streams of events received on the days from {@code since} to {@code until}; at most 10,000
   * of each file of events.
   */
  Set<EventStream> streams(Instant since, Instant until);

  /**
   * Takes events that another store, or an earlier life of this one, exported. They are found by
   * searches, older than all that was received here; nobody is told of them. One that is there
   * already (the same id and receipt, or the same number of the same spool) is left out. Durable
   * when this returns.
   *
   * @throws IllegalStateException if the disk refuses them, saying why
   */
  Imported insertHistory(List<StoredEvent> events);

  /**
   * What became of imported events.
   *
   * @param taken new ones
   * @param known that were there already
   * @param tooOld that would be deleted at once by the limit on their age
   */
  record Imported(int taken, int known, int tooOld) {
    public Imported plus(Imported other) {
      return new Imported(taken + other.taken, known + other.known, tooOld + other.tooOld);
    }
  }
}
