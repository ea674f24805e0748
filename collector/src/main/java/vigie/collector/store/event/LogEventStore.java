package vigie.collector.store.event;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.DiskRoom;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.segment.SegmentReader;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.EventPage;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventSink;
import vigie.collector.event.EventStore;
import vigie.collector.event.EventStream;
import vigie.collector.event.SpoolMarks;
import vigie.collector.event.StoredEvent;
import vigie.collector.event.SyslogRecords;

/**
 * Events in a receive log, which makes them durable, with SQLite files by day behind it, which
 * makes them found. In its folder:
 *
 * <pre>
 * log/           segments of the receive log
 * taken          checkpoint: what was taken from each agent's spool
 * 2026-11-21.db  events received on that day (UTC), see {@link Part}
 * </pre>
 *
 * Ids are numbers in the order of receipt, which is also the order of {@link #search}. Times are
 * kept in microseconds. A search that takes longer than 20 s fails and says so. Safe for all
 * threads.
 */
public final class LogEventStore implements EventStore, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LogEventStore.class);

  /** A search waits so long for events just received to be moved where it looks. */
  private static final Duration CATCH_UP = Duration.ofSeconds(1);

  private static final int AHEAD_BYTES = 1 << 20;

  /** As many batches as one source has under way in a storm. */
  private static final int IDLE_ENCODERS = 128;

  private final SegmentLog segments;
  private final DayFiles days;
  private final Checkpoint checkpoint;
  private final ReceiveLog receiveLog;
  private final Filler filler;
  private final Executor writer;
  private final Queue<EventEncoder> encoders = new ArrayBlockingQueue<>(IDLE_ENCODERS);
  private volatile boolean recovered;

  private LogEventStore(
      SegmentLog segments,
      DayFiles days,
      Checkpoint checkpoint,
      ReceiveLog receiveLog,
      Filler filler,
      Executor writer) {
    this.segments = segments;
    this.days = days;
    this.checkpoint = checkpoint;
    this.receiveLog = receiveLog;
    this.filler = filler;
    this.writer = writer;
  }

  /**
   * Opens or makes the store on the machine's disk.
   *
   * @param folder {@code storage.path}/events, made if it lacks
   * @param writer gives the writer a thread of its own until {@link #close}
   * @param filler one thread; runs tasks of up to a few seconds that move events into SQLite
   * @throws UncheckedIOException if the folder cannot be used, saying why
   */
  public static LogEventStore open(
      Path folder,
      EventStoreOptions options,
      Clock clock,
      Scheduler scheduler,
      Executor writer,
      Executor filler,
      MeterRegistry meters) {
    return open(folder, options, FileLayer.disk(), clock, scheduler, writer, filler, meters);
  }

  /** The same with the receive log and the checkpoint on another file layer. */
  static LogEventStore open(
      Path folder,
      EventStoreOptions options,
      FileLayer files,
      Clock clock,
      Scheduler scheduler,
      Executor writer,
      Executor filler,
      MeterRegistry meters) {
    try {
      files.createFolders(folder);
      Files.createDirectories(folder);
      SqliteLibrary.load(folder);
      SegmentOptions segmentOptions =
          new SegmentOptions(
              "events", 2, options.segmentBytes(), EventRecord.MOST_BYTES, AHEAD_BYTES);
      SegmentLog segments = SegmentLog.open(folder.resolve("log"), segmentOptions, files);
      try {
        DayFiles days =
            DayFiles.open(folder, options.mostBytes(), options.partBytes(), clock, meters);
        ReceiveLog.Room room = roomOn(folder, options.reserveBytes());
        Checkpoint checkpoint = checkpoint(folder, files, segments, days);
        Filler moves =
            new Filler(
                folder,
                files,
                segments,
                days,
                checkpoint.base(),
                Math.max(days.lastId(), segments.firstNumber() - 1 + checkpoint.base()),
                Math.max(days.lastId(), checkpoint.id()),
                options,
                room,
                clock,
                scheduler,
                filler,
                meters);
        tellOfNoRoom(room);
        ReceiveLog receiveLog =
            new ReceiveLog(segments, room, options.queueBytes(), moves::told, clock, meters);
        return new LogEventStore(segments, days, checkpoint, receiveLog, moves, writer);
      } catch (IOException | RuntimeException e) {
        segments.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot open the event store in " + folder + ": " + DiskRoom.reason(folder, e), e);
    }
  }

  /** The last checkpoint, mended where the disk does not fit it any more. */
  private static Checkpoint checkpoint(
      Path folder, FileLayer files, SegmentLog segments, DayFiles days) throws IOException {
    Checkpoint last;
    try {
      last = Checkpoint.read(folder, files);
    } catch (Checkpoint.CorruptException e) {
      log.error("the checkpoint is damaged, made anew from SQLite cause=\"{}\"", e.getMessage());
      last = null;
    }
    if (last == null) {
      last = new Checkpoint(0, days.lastId(), days.marks());
    }
    long highest = Math.max(last.id(), days.lastId());
    long end = last.base() + segments.nextNumber() - 1;
    if (end < highest) {
      log.error(
          "the receive log ends before what came out of it, so it was lost; what was not moved into"
              + " SQLite is gone last={} expected={}",
          end,
          highest);
      last = new Checkpoint(highest + 1 - segments.nextNumber(), highest, last.marks());
      last.write(folder, files);
    }
    return last;
  }

  /** It starts nevertheless: alerts and searches need nothing of it. */
  private static void tellOfNoRoom(ReceiveLog.Room room) {
    try {
      room.require(0);
    } catch (IOException full) {
      log.error(
          "events will neither be taken nor acknowledged until there is room cause=\"{}\"",
          full.getMessage());
    }
  }

  private static ReceiveLog.Room roomOn(Path folder, long reserve) throws IOException {
    FileStore disk = Files.getFileStore(folder);
    return bytes -> {
      long kept = Math.min(reserve, disk.getTotalSpace() / 10);
      long free = disk.getUsableSpace();
      if (free < kept + bytes) {
        throw new IOException(
            "the disk of "
                + folder
                + " has "
                + (free >> 10)
                + " KiB left, of which "
                + (kept >> 10)
                + " KiB are kept to move events into SQLite; make room");
      }
    };
  }

  @Override
  public synchronized SpoolMarks recover(EventListener untold) {
    if (recovered) {
      throw new IllegalStateException("BUG: recover() was called twice");
    }
    SpoolMarks marks = SpoolMarks.decode(checkpoint.marks().encode());
    long lastTold = Math.max(checkpoint.id(), days.lastId());
    long told = 0;
    SpoolMarks atFilled = null;
    try (SegmentReader reader = segments.reader(checkpoint.id() + 1 - checkpoint.base())) {
      while (reader.next()) {
        Event event = event(reader);
        if (event == null) {
          continue;
        }
        boolean isTold = checkpoint.base() + reader.number() <= lastTold;
        if (!isTold && atFilled == null) {
          atFilled = SpoolMarks.decode(marks.encode());
        }
        SpoolMarks.Verdict verdict = marks.take(event);
        if (!isTold && verdict != SpoolMarks.Verdict.KNOWN) {
          untold.onEvent(event, verdict == SpoolMarks.Verdict.LATE);
          told++;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the receive log: " + e.getMessage(), e);
    }
    if (told > 0) {
      log.info("events of the last life are told now count={}", told);
    }
    filler.start(atFilled == null ? SpoolMarks.decode(marks.encode()) : atFilled);
    filler.told(segments.syncedNext());
    receiveLog.start(writer);
    recovered = true;
    return marks;
  }

  private static @Nullable Event event(SegmentReader reader) {
    try {
      return EventRecord.decode(reader.record()).event();
    } catch (IllegalArgumentException e) {
      return null; // the filler counts it
    }
  }

  @Override
  public void append(List<EventSink.Arrival> arrivals, Runnable whenDurable) {
    EventEncoder encoder = encoder();
    receiveLog.append(encoder.encode(arrivals), () -> durable(encoder, whenDurable));
  }

  @Override
  public void append(SyslogRecords records, Runnable whenDurable) {
    EventEncoder encoder = encoder();
    receiveLog.append(encoder.encode(records), () -> durable(encoder, whenDurable));
  }

  @Override
  public void appendUnflushed(SyslogRecords records, Runnable whenDurable) {
    EventEncoder encoder = encoder();
    receiveLog.appendUnflushed(encoder.encode(records), () -> durable(encoder, whenDurable));
  }

  private EventEncoder encoder() {
    EventEncoder idle = encoders.poll();
    return idle == null ? new EventEncoder() : idle;
  }

  private void durable(EventEncoder encoder, Runnable whenDurable) {
    if (encoder.isSmall()) {
      encoders.offer(encoder); // nobody reads what it wrote any more
    }
    whenDurable.run();
  }

  @Override
  public void flush() {
    receiveLog.flush();
  }

  @Override
  public boolean isPrompt() {
    return receiveLog.isPrompt();
  }

  @Override
  public EventPage search(EventQuery query) {
    long missing = catchUp();
    EventPage page = days.search(query, filler::setAside);
    return new EventPage(
        page.events(), page.next(), page.newest(), withMissing(page.warnings(), missing));
  }

  @Override
  public List<String> scan(EventQuery query, Predicate<Event> visitor) {
    long missing = catchUp();
    return withMissing(days.scan(query, visitor, filler::setAside), missing);
  }

  @Override
  public List<String> tally(EventQuery query, Set<String> names, Buckets buckets, Tally tally) {
    long missing = catchUp();
    return withMissing(days.tally(query, names, buckets, tally, filler::setAside), missing);
  }

  private static List<String> withMissing(List<String> warnings, long missing) {
    if (missing == 0) {
      return warnings;
    }
    List<String> all = new ArrayList<>(warnings);
    all.add("the newest " + missing + " events are safe but not searchable yet; ask again later");
    return all;
  }

  @Override
  public Optional<StoredEvent> find(String id) {
    catchUp();
    return Optional.ofNullable(days.find(id, filler::setAside));
  }

  @Override
  public Set<EventStream> streams(Instant since, Instant until) {
    catchUp();
    return days.streams(since, until, filler::setAside);
  }

  @Override
  public Imported insertHistory(List<StoredEvent> events) {
    return filler.insertHistory(events);
  }

  /** How many events are durable and not where a search looks. */
  private long catchUp() {
    return recovered ? filler.await(CATCH_UP) : 0; // nothing is moved before
  }

  /** Commits and acknowledges what was appended, moves it into SQLite, ends. */
  @Override
  public synchronized void close() {
    if (recovered) {
      receiveLog.close();
    }
    filler.close();
    try {
      segments.close();
    } catch (IOException e) {
      log.error("cannot close the receive log cause=\"{}\"", e.getMessage());
    }
  }
}
