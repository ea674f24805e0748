package vigie.collector.store.event;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.collector.event.EventQuery;
import vigie.collector.event.SpoolMarks;
import vigie.collector.event.StoredEvent;

/**
 * The day files of a folder, {@code 2026-11-21.db} and so on, by the UTC day of receipt. Searched
 * by any thread; all else is the filler's thread's.
 */
final class DayFiles implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DayFiles.class);
  private static final String[] BESIDE = {"", "-wal", "-shm"};
  private static final Duration SEARCH_LIMIT = Duration.ofSeconds(30);

  /** Texts may be long: a page ends when its events take so much. */
  private static final long PAGE_BYTES = 8 << 20;

  private final Path folder;
  private final Clock clock;
  private final Counter setAside;
  private final ConcurrentSkipListMap<LocalDate, DayFile.Extent> days =
      new ConcurrentSkipListMap<>();

  private @Nullable DayFile open;
  private @Nullable LocalDate openDay;

  private DayFiles(Path folder, Clock clock, MeterRegistry meters) {
    this.folder = folder;
    this.clock = clock;
    this.setAside = meters.counter("vigie.event.days.set.aside");
  }

  /**
   * Looks at each file; one that is damaged is set aside.
   *
   * @throws IOException if the folder cannot be read, or a newer collector wrote a file
   */
  static DayFiles open(Path folder, Clock clock, MeterRegistry meters) throws IOException {
    DayFiles files = new DayFiles(folder, clock, meters);
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.db")) {
      for (Path path : found) {
        LocalDate day = dayOf(path);
        if (day != null) {
          files.look(day);
        }
      }
    }
    return files;
  }

  private static @Nullable LocalDate dayOf(Path path) {
    String name = path.getFileName().toString();
    try {
      return LocalDate.parse(name.substring(0, name.length() - ".db".length()));
    } catch (DateTimeParseException e) {
      return null; // not ours
    }
  }

  private void look(LocalDate day) throws IOException {
    try (DayFile file = DayFile.open(path(day))) {
      days.put(day, file.extent());
    } catch (DayFile.NewerException e) {
      throw new IOException(e.getMessage(), e);
    } catch (SQLException e) {
      if (!DayFile.isCorrupt(e)) {
        throw new IOException("cannot open " + path(day) + ": " + e.getMessage(), e);
      }
      setAside(day, e);
    }
  }

  private Path path(LocalDate day) {
    return folder.resolve(day + ".db");
  }

  /** The highest id in any file, 0 where there is none. */
  long lastId() {
    return days.values().stream().mapToLong(DayFile.Extent::lastId).max().orElse(0);
  }

  static LocalDate dayOf(Instant received) {
    return LocalDate.ofInstant(received, ZoneOffset.UTC);
  }

  /** Inserts events of one day in one transaction. */
  void insert(LocalDate day, List<DayFile.Row> rows) throws SQLException, IOException {
    DayFile file = writable(day);
    file.insert(rows);
    days.put(day, file.extent());
  }

  private DayFile writable(LocalDate day) throws SQLException, IOException {
    DayFile file = open;
    if (file != null && day.equals(openDay)) {
      return file;
    }
    closeWriter();
    try {
      file = DayFile.open(path(day));
    } catch (DayFile.NewerException e) {
      throw new IOException(e.getMessage(), e);
    }
    open = file;
    openDay = day;
    return file;
  }

  /** Lets go of the file being written; the next insert opens it anew. */
  void closeWriter() {
    DayFile file = open;
    open = null;
    openDay = null;
    if (file != null) {
      try {
        file.close();
      } catch (SQLException e) {
        log.warn("cannot close a day file cause=\"{}\"", e.getMessage());
      }
    }
  }

  /** What was taken, as far as the files tell: for when the checkpoint is lost. */
  SpoolMarks marks() throws IOException {
    SpoolMarks marks = new SpoolMarks();
    for (LocalDate day : days.keySet()) {
      try (DayFile file = DayFile.open(path(day))) {
        file.forEachSpool(marks::known);
      } catch (SQLException | DayFile.NewerException e) {
        throw new IOException("cannot read " + path(day) + ": " + e.getMessage(), e);
      }
    }
    return marks;
  }

  /**
   * What matches, newest first.
   *
   * @param onCorrupt gets each day whose file turns out to be damaged; the search goes on without
   */
  List<StoredEvent> search(EventQuery query, BiConsumer<LocalDate, SQLException> onCorrupt) {
    long before = query.before().isEmpty() ? Long.MAX_VALUE : id(query.before());
    if (before < 0) {
      throw new IllegalArgumentException("\"" + query.before() + "\" is no event's id");
    }
    long since = EventRecord.micros(query.since());
    long until = EventRecord.micros(query.until());
    long deadline = clock.nanos() + SEARCH_LIMIT.toNanos();
    Page found = new Page(query.limit());
    for (Map.Entry<LocalDate, DayFile.Extent> day : newestFirst()) {
      DayFile.Extent extent = day.getValue();
      if (found.isFullFor(extent.lastId())) {
        break;
      }
      if (extent.firstId() < before && extent.latest() >= since && extent.earliest() <= until) {
        searchDay(day.getKey(), query, before, deadline, found, onCorrupt);
      }
    }
    return new ArrayList<>(found.events.values());
  }

  /** By the highest id: a clock that was set back makes days overlap. */
  private List<Map.Entry<LocalDate, DayFile.Extent>> newestFirst() {
    List<Map.Entry<LocalDate, DayFile.Extent>> all = new ArrayList<>(days.entrySet());
    all.sort(
        Comparator.comparingLong(
                (Map.Entry<LocalDate, DayFile.Extent> day) -> day.getValue().lastId())
            .reversed());
    return all;
  }

  private void searchDay(
      LocalDate day,
      EventQuery query,
      long before,
      long deadline,
      Page found,
      BiConsumer<LocalDate, SQLException> onCorrupt) {
    try {
      DayFile.search(path(day), query, before, () -> clock.nanos() - deadline > 0, found::take);
    } catch (DayFile.TooLongException e) {
      throw new IllegalStateException(
          "the search took longer than "
              + SEARCH_LIMIT.toSeconds()
              + " s; narrow it by time, node or type",
          e);
    } catch (SQLException e) {
      failed(day, e, onCorrupt);
    }
  }

  /** The newest events that were found, as many as are wanted and memory allows. */
  private static final class Page {
    private final int limit;
    private final TreeMap<Long, StoredEvent> events = new TreeMap<>(Comparator.reverseOrder());
    private long sizeBytes;

    Page(int limit) {
      this.limit = limit;
    }

    boolean isFullFor(long id) {
      return (events.size() >= limit || sizeBytes >= PAGE_BYTES) && id < events.lastKey();
    }

    /** Takes the event; false if that and all older ones have no place any more. */
    boolean take(StoredEvent stored) {
      long id = id(stored.id());
      if (isFullFor(id)) {
        return false;
      }
      events.put(id, stored);
      sizeBytes += sizeBytes(stored);
      while (events.size() > limit
          || (events.size() > 1
              && sizeBytes - sizeBytes(events.lastEntry().getValue()) >= PAGE_BYTES)) {
        sizeBytes -= sizeBytes(events.pollLastEntry().getValue());
      }
      return true;
    }

    private static long sizeBytes(StoredEvent stored) {
      long size = 500 + 2L * stored.event().text().length();
      for (Map.Entry<String, String> field : stored.event().fields().entrySet()) {
        size += 100 + 2L * (field.getKey().length() + field.getValue().length());
      }
      return size;
    }
  }

  @Nullable StoredEvent find(String text, BiConsumer<LocalDate, SQLException> onCorrupt) {
    long id = id(text);
    for (Map.Entry<LocalDate, DayFile.Extent> day : days.entrySet()) {
      if (id >= day.getValue().firstId() && id <= day.getValue().lastId()) {
        try {
          StoredEvent stored = DayFile.find(path(day.getKey()), id);
          if (stored != null) {
            return stored;
          }
        } catch (SQLException e) {
          failed(day.getKey(), e, onCorrupt);
        }
      }
    }
    return null;
  }

  private void failed(
      LocalDate day, SQLException e, BiConsumer<LocalDate, SQLException> onCorrupt) {
    if (DayFile.isCorrupt(e)) {
      onCorrupt.accept(day, e);
    } else if (days.containsKey(day)) { // or retention was faster
      throw new UncheckedIOException(
          new IOException("cannot search " + path(day) + ": " + e.getMessage(), e));
    }
  }

  private static long id(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Renames a damaged file, so that the rest goes on without it and a person may look. */
  void setAside(LocalDate day, SQLException why) {
    if (day.equals(openDay)) {
      closeWriter();
    }
    days.remove(day);
    Path aside = path(day).resolveSibling(day + ".db.damaged-" + clock.now().getEpochSecond());
    setAside.increment();
    log.error(
        "a day's events are damaged and set aside; sqlite3 can .recover them file={} cause=\"{}\"",
        aside,
        why.getMessage());
    for (String suffix : BESIDE) {
      try {
        if (Files.exists(Path.of(path(day) + suffix))) {
          Files.move(Path.of(path(day) + suffix), Path.of(aside + suffix));
        }
      } catch (IOException e) {
        log.error("cannot set aside file={} cause=\"{}\"", path(day) + suffix, e.getMessage());
      }
    }
  }

  /** Deletes the files of days before {@code first}. */
  void dropBefore(LocalDate first) {
    for (LocalDate day : new ArrayList<>(days.headMap(first).keySet())) {
      if (day.equals(openDay)) {
        closeWriter();
      }
      days.remove(day);
      try {
        for (String suffix : BESIDE) {
          Files.deleteIfExists(Path.of(path(day) + suffix));
        }
        log.info("dropped a day's events, kept long enough day={}", day);
      } catch (IOException e) {
        log.warn("cannot delete file={} cause=\"{}\"", path(day), e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    closeWriter();
  }
}
