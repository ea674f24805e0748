package vigie.collector.store.event;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.DiskRoom;
import vigie.base.time.Clock;
import vigie.collector.event.Event;
import vigie.collector.event.EventPage;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.EventStream;
import vigie.collector.event.SpoolMarks;
import vigie.collector.event.StoredEvent;

/**
 * The files of events of a folder, see {@link Part}. One that is damaged is renamed to {@code
 * NAME.damaged-SECONDS}; beside it, {@code NAME.restore} lies until the receive log was asked for
 * what it still has of it. Searched by any thread; all else is the filler's thread's.
 */
final class DayFiles implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DayFiles.class);
  private static final String[] BESIDE = {"", "-wal", "-shm"};

  /** With less room SQLite opens no file. */
  private static final String DAMAGED = ".damaged-";

  private static final String RESTORE = ".restore";
  private static final String BEYOND = "storage.events_bytes";
  private static final Duration SEARCH_LIMIT = Duration.ofSeconds(20);

  private final Path folder;
  private final long partBytes;
  private final Clock clock;
  private final Counter setAside;
  private final Counter dropped;
  private final ConcurrentSkipListMap<Part, DayFile.Extent> parts = new ConcurrentSkipListMap<>();
  private final Map<Part, Long> sizes = new ConcurrentHashMap<>();

  /** Names of damaged files that lie in the folder. */
  private final ConcurrentSkipListSet<String> damaged = new ConcurrentSkipListSet<>();

  /** Parts that were set aside and not restored yet. */
  private final ConcurrentSkipListSet<Part> toRestore = new ConcurrentSkipListSet<>();

  private @Nullable DayFile open;
  private @Nullable Part openPart;

  private DayFiles(Path folder, long partBytes, Clock clock, MeterRegistry meters) {
    this.folder = folder;
    this.partBytes = partBytes;
    this.clock = clock;
    this.setAside = meters.counter("vigie.event.days.set.aside");
    this.dropped = meters.counter("vigie.event.days.dropped");
    Gauge.builder("vigie.event.index.lag", this, DayFiles::unindexed)
        .description("events that a search has to look at one by one")
        .register(meters);
    Gauge.builder("vigie.event.store.bytes", this, DayFiles::sizeBytes)
        .description("what the files of events take on the disk")
        .register(meters);
  }

  /**
   * Looks at each file; one that is damaged is set aside.
   *
   * @param mostBytes the oldest files that are beyond this go first: opening takes room on the disk
   * @param partBytes a file that has grown over this is followed by a new one
   * @throws IOException if the folder cannot be read, or a newer collector wrote a file
   */
  static DayFiles open(
      Path folder, long mostBytes, long partBytes, Clock clock, MeterRegistry meters)
      throws IOException {
    DayFiles files = new DayFiles(folder, partBytes, clock, meters);
    NavigableSet<Part> found = new TreeSet<>();
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(folder)) {
      for (Path path : paths) {
        String name = path.getFileName().toString();
        Part part = Part.of(name);
        if (part != null) {
          found.add(part);
          files.sizes.put(part, files.sizeOf(part));
        } else if (name.endsWith(RESTORE)) {
          Part marked = Part.of(name.substring(0, name.length() - RESTORE.length()));
          files.toRestore.addAll(marked == null ? List.of() : List.of(marked));
        } else if (name.contains(DAMAGED) && partOfDamaged(name) != null && !isBeside(name)) {
          files.damaged.add(name);
        }
      }
    }
    while (files.sizeBytes() > mostBytes && found.size() > 1) {
      files.drop(found.pollFirst(), BEYOND);
    }
    for (Part part : found) {
      files.look(part);
    }
    return files;
  }

  private static boolean isBeside(String name) {
    return name.endsWith("-wal") || name.endsWith("-shm");
  }

  private static @Nullable Part partOfDamaged(String name) {
    return Part.of(name.substring(0, name.indexOf(DAMAGED)));
  }

  private void look(Part part) throws IOException {
    try {
      if (sizeOf(part) == 0) {
        throw new DayFile.DamagedException("it is empty", null);
      }
      try (DayFile file = DayFile.open(path(part))) {
        seen(part, file);
      }
    } catch (DayFile.NewerException e) {
      throw new IOException(e.getMessage(), e);
    } catch (SQLException e) {
      if (!DayFile.isCorruptAtOpening(e, path(part))) {
        throw new IOException("cannot open " + path(part) + ": " + withHint(e), e);
      }
      setAside(part, e);
    }
  }

  private String withHint(SQLException e) {
    String words = String.valueOf(e.getMessage());
    return words + DiskRoom.hint(folder, words);
  }

  private void seen(Part part, DayFile file) throws SQLException {
    parts.put(part, file.extent());
    sizes.put(part, sizeOf(part));
  }

  private long sizeOf(Part part) {
    long size = 0;
    for (String suffix : BESIDE) {
      try {
        size += Files.size(Path.of(path(part) + suffix));
      } catch (IOException e) {
        // It has none.
      }
    }
    return size;
  }

  private Path path(Part part) {
    return folder.resolve(part.fileName());
  }

  /** The highest id of an event received here, 0 where there is none. */
  long lastId() {
    return parts.values().stream()
        .mapToLong(DayFile.Extent::lastId)
        .filter(id -> id > 0)
        .max()
        .orElse(0);
  }

  /** The lowest id of an event received here; {@link Long#MAX_VALUE} where there is none. */
  long firstId() {
    return parts.values().stream()
        .mapToLong(DayFile.Extent::firstId)
        .filter(id -> id > 0)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** Events that the full-text index lacks. */
  long unindexed() {
    return parts.values().stream().mapToLong(DayFile.Extent::unindexed).sum();
  }

  private long sizeBytes() {
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  static LocalDate dayOf(Instant received) {
    return LocalDate.ofInstant(received, ZoneOffset.UTC);
  }

  /** The part of the day that is written to now. */
  Part partOf(LocalDate day) {
    Part first = new Part(day, Part.FIRST);
    Part last = parts.floorKey(new Part(day, Integer.MAX_VALUE));
    if (last == null || last.compareTo(first) < 0) {
      return first;
    }
    return sizes.getOrDefault(last, 0L) < partBytes ? last : last.next();
  }

  /** Inserts events of one part in one transaction; how many were not there. */
  int insert(Part part, Iterator<EventRows.Row> rows) throws SQLException, IOException {
    DayFile file = writable(part);
    int inserted = file.insert(rows);
    seen(part, file);
    return inserted;
  }

  private DayFile writable(Part part) throws SQLException, IOException {
    DayFile file = open;
    if (file != null && part.equals(openPart)) {
      return file;
    }
    closeWriter();
    try {
      file = DayFile.open(path(part));
    } catch (DayFile.NewerException e) {
      throw new IOException(e.getMessage(), e);
    }
    open = file;
    openPart = part;
    return file;
  }

  /** Lets go of the file being written; the next insert opens it anew. */
  void closeWriter() {
    DayFile file = open;
    open = null;
    openPart = null;
    if (file != null) {
      try {
        file.close();
      } catch (SQLException e) {
        log.warn("cannot close a day file cause=\"{}\"", e.getMessage());
      }
    }
  }

  /** A file with events that the full-text index lacks, the newest first; null if there is none. */
  @Nullable Part toIndex() {
    for (Map.Entry<Part, DayFile.Extent> part : parts.descendingMap().entrySet()) {
      if (part.getValue().unindexed() > 0) {
        return part.getKey();
      }
    }
    return null;
  }

  /** Indexes some events of the part. */
  void index(Part part, int most) throws SQLException, IOException {
    DayFile file = writable(part);
    file.index(most);
    seen(part, file);
  }

  /**
   * Inserts into the day's file of imported events those that no file of the day has; how many. The
   * writer is left with that file.
   */
  int insertUnknown(LocalDate day, List<StoredEvent> events) throws SQLException, IOException {
    Set<StoredEvent> fresh = new LinkedHashSet<>(events);
    Part last = new Part(day.plusDays(1), -1);
    for (Part part : parts.subMap(new Part(day, Part.FIRST), last).keySet()) {
      fresh.removeAll(writable(part).received(fresh));
    }
    Part imported = new Part(day, Part.IMPORTED);
    DayFile file = writable(imported);
    fresh.removeAll(file.imported(fresh));
    Set<Long> ids = new HashSet<>();
    List<EventRows.Row> rows = new ArrayList<>();
    List<StoredEvent> inOrder = new ArrayList<>(fresh);
    inOrder.sort(Comparator.comparingLong(event -> Ids.parse(event.id())));
    for (StoredEvent event : inOrder) {
      long received = EventRecord.micros(event.event().received());
      long id = Ids.firstImported(received, Ids.parse(event.id()));
      while (file.hasId(id) || !ids.add(id)) {
        id++;
      }
      byte[] raw = new byte[event.raw().remaining()];
      event.raw().duplicate().get(raw);
      rows.add(new EventRows.Row(id, new EventRecord(event.event(), raw), event.id()));
    }
    // In the order of ids, which makes few blocks.
    rows.sort(Comparator.comparingLong(EventRows.Row::id));
    return insert(imported, rows.iterator());
  }

  /** What was taken, as far as the files tell: for when the checkpoint is lost. */
  SpoolMarks marks() throws IOException {
    SpoolMarks marks = new SpoolMarks();
    for (Part part : parts.keySet()) {
      if (part.isImported()) {
        continue; // perhaps another collector's
      }
      try (DayFile file = DayFile.open(path(part))) {
        file.forEachSpool(marks::known);
      } catch (SQLException | DayFile.NewerException e) {
        throw new IOException("cannot read " + path(part) + ": " + e.getMessage(), e);
      }
    }
    return marks;
  }

  /**
   * What matches, newest first.
   *
   * @param onCorrupt gets each part whose file turns out to be damaged; the search goes on without
   */
  EventPage search(EventQuery query, BiConsumer<Part, SQLException> onCorrupt) {
    long before = bound(query.before(), Long.MAX_VALUE);
    long after = bound(query.after(), Long.MIN_VALUE);
    Page found = new Page(query.limit());
    List<Map.Entry<Part, DayFile.Extent>> newestFirst = newestFirst();
    Set<Part> lost = new LinkedHashSet<>();
    DaySearch search = new DaySearch(query, deadline(), true);
    for (Map.Entry<Part, DayFile.Extent> part : newestFirst) {
      DayFile.Extent extent = part.getValue();
      if (found.isFullFor(extent.lastId())) {
        break;
      }
      if (mayMatch(extent, query, after, before)) {
        try {
          searching(() -> search.run(path(part.getKey()), after, before, found::take));
        } catch (SQLException e) {
          failed(part.getKey(), e, onCorrupt, lost);
        }
      }
    }
    String newest = newestFirst.isEmpty() ? "" : Ids.text(newestFirst.get(0).getValue().lastId());
    return new EventPage(found.events(), found.next(), newest, warnings(query, lost));
  }

  private BooleanSupplier deadline() {
    long deadline = clock.nanos() + SEARCH_LIMIT.toNanos();
    return () -> clock.nanos() - deadline > 0;
  }

  private static boolean mayMatch(
      DayFile.Extent extent, EventQuery query, long after, long before) {
    return !extent.isEmpty()
        && extent.firstId() < before
        && extent.lastId() > after
        && extent.latest() >= EventRecord.micros(query.since())
        && extent.earliest() <= EventRecord.micros(query.until());
  }

  private static long bound(String id, long otherwise) {
    if (id.isEmpty()) {
      return otherwise;
    }
    long bound = Ids.parse(id);
    if (bound == Long.MIN_VALUE) {
      throw new IllegalArgumentException("\"" + id + "\" is no event's id");
    }
    return bound;
  }

  /** By the highest id: a clock that was set back makes days overlap. */
  private List<Map.Entry<Part, DayFile.Extent>> newestFirst() {
    List<Map.Entry<Part, DayFile.Extent>> all = new ArrayList<>();
    parts.entrySet().stream().filter(part -> !part.getValue().isEmpty()).forEach(all::add);
    all.sort(
        Comparator.comparingLong((Map.Entry<Part, DayFile.Extent> part) -> part.getValue().lastId())
            .reversed());
    return all;
  }

  private interface Searching {
    void run() throws SQLException;
  }

  private static void searching(Searching search) throws SQLException {
    try {
      search.run();
    } catch (DaySearch.TooLongException e) {
      throw new IllegalStateException(
          "the search took longer than "
              + SEARCH_LIMIT.toSeconds()
              + " s; narrow it by time, node or type, or look for whole words",
          e);
    }
  }

  /** See {@link EventStore#tally}. */
  List<String> tally(
      EventQuery query,
      Set<String> names,
      EventStore.Buckets buckets,
      EventStore.Tally tally,
      BiConsumer<Part, SQLException> onCorrupt) {
    DaySearch search = new DaySearch(query, deadline(), false);
    Set<Part> lost = new LinkedHashSet<>();
    for (Map.Entry<Part, DayFile.Extent> part : newestFirst()) {
      if (mayMatch(part.getValue(), query, Long.MIN_VALUE, Long.MAX_VALUE)) {
        try {
          searching(
              () ->
                  search.tally(
                      path(part.getKey()), Long.MIN_VALUE, Long.MAX_VALUE, names, buckets, tally));
        } catch (SQLException e) {
          failed(part.getKey(), e, onCorrupt, lost);
        }
      }
    }
    return warnings(query, lost);
  }

  /** See {@link EventStore#scan}. */
  List<String> scan(
      EventQuery query, Predicate<Event> visitor, BiConsumer<Part, SQLException> onCorrupt) {
    long before = bound(query.before(), Long.MAX_VALUE);
    long after = bound(query.after(), Long.MIN_VALUE);
    DaySearch search = new DaySearch(query, deadline(), false);
    Set<Part> lost = new LinkedHashSet<>();
    boolean[] more = {true};
    for (Map.Entry<Part, DayFile.Extent> part : newestFirst()) {
      if (!more[0] || !mayMatch(part.getValue(), query, after, before)) {
        continue;
      }
      try {
        searching(
            () ->
                search.run(
                    path(part.getKey()),
                    after,
                    before,
                    (id, event, row) -> {
                      more[0] = visitor.test(event);
                      return more[0];
                    }));
      } catch (SQLException e) {
        failed(part.getKey(), e, onCorrupt, lost);
      }
    }
    return warnings(query, lost);
  }

  private List<String> warnings(EventQuery query, Set<Part> lost) {
    List<String> warnings = new ArrayList<>();
    for (Part part : lost) {
      if (mayConcern(part, query)) {
        warnings.add("events received on " + part.day() + " are damaged and left out: " + part);
      }
    }
    for (String name : damaged) {
      Part part = partOfDamaged(name);
      if (part != null && !lost.contains(part) && mayConcern(part, query)) {
        warnings.add(
            "events received on "
                + part.day()
                + " may be missing: their file was damaged and set aside as "
                + name
                + (toRestore.contains(part)
                    ? "; the receive log is being asked for them"
                    : "; what could be read of it and of the receive log is back"));
      }
    }
    return warnings;
  }

  private static boolean mayConcern(Part part, EventQuery query) {
    Instant from = part.day().atStartOfDay(ZoneOffset.UTC).toInstant();
    return query.until().isAfter(from) && query.since().isBefore(from.plus(Duration.ofDays(1)));
  }

  @Nullable StoredEvent find(String text, BiConsumer<Part, SQLException> onCorrupt) {
    long id = Ids.parse(text);
    if (id == Long.MIN_VALUE) {
      return null;
    }
    DaySearch search = new DaySearch(EventQuery.newest(1), () -> false, true);
    for (Map.Entry<Part, DayFile.Extent> part : parts.entrySet()) {
      if (id >= part.getValue().firstId() && id <= part.getValue().lastId()) {
        Page found = new Page(1);
        try {
          search.run(path(part.getKey()), id - 1, id + 1, found::take);
        } catch (SQLException e) {
          failed(part.getKey(), e, onCorrupt, new HashSet<>());
        }
        if (!found.events().isEmpty()) {
          return found.events().get(0);
        }
      }
    }
    return null;
  }

  /** The streams of the days from one time to the other. */
  Set<EventStream> streams(Instant since, Instant until, BiConsumer<Part, SQLException> onCorrupt) {
    EventQuery times = new EventQuery(since, until, List.of(), "", 1, "");
    Set<EventStream> all = new LinkedHashSet<>();
    for (Map.Entry<Part, DayFile.Extent> part : parts.entrySet()) {
      if (!mayMatch(part.getValue(), times, Long.MIN_VALUE, Long.MAX_VALUE)) {
        continue;
      }
      try (Connection connection = DaySearch.open(path(part.getKey()));
          Statement statement = connection.createStatement()) {
        DaySearch.readStreams(statement, all::add);
      } catch (SQLException e) {
        failed(part.getKey(), e, onCorrupt, new HashSet<>());
      }
    }
    return all;
  }

  private void failed(
      Part part, SQLException e, BiConsumer<Part, SQLException> onCorrupt, Set<Part> lost) {
    if (DayFile.isCorrupt(e)) {
      lost.add(part);
      onCorrupt.accept(part, e);
    } else if (parts.containsKey(part)) { // or retention was faster
      throw new UncheckedIOException(
          new IOException("cannot search " + path(part) + ": " + withHint(e), e));
    }
  }

  /**
   * Renames a damaged file, so that the rest goes on without it and a person may look, and marks it
   * for {@link #toRestore}.
   */
  void setAside(Part part, SQLException why) {
    if (part.equals(openPart)) {
      closeWriter();
    }
    parts.remove(part);
    sizes.remove(part);
    long seconds = clock.now().getEpochSecond();
    while (Files.exists(folder.resolve(part + DAMAGED + seconds))) {
      seconds++;
    }
    Path aside = folder.resolve(part + DAMAGED + seconds);
    setAside.increment();
    log.error(
        "a file of events is damaged and set aside; what it and the receive log still have comes"
            + " back file={} cause=\"{}\"",
        aside,
        why.getMessage());
    toRestore.add(part);
    try {
      Files.write(restoreMark(part), new byte[0]);
    } catch (IOException e) {
      log.error("cannot mark a file to be restored file={} cause=\"{}\"", part, e.getMessage());
    }
    for (String suffix : BESIDE) {
      try {
        if (Files.exists(Path.of(path(part) + suffix))) {
          Files.move(Path.of(path(part) + suffix), Path.of(aside + suffix));
        }
      } catch (IOException e) {
        log.error("cannot set aside file={} cause=\"{}\"", path(part) + suffix, e.getMessage());
      }
    }
    damaged.add(aside.getFileName().toString());
  }

  private Path restoreMark(Part part) {
    return folder.resolve(part + RESTORE);
  }

  /** The parts that were set aside and not restored yet. */
  List<Part> toRestore() {
    return List.copyOf(toRestore);
  }

  /** The files of the part that were set aside. */
  List<Path> aside(Part part) {
    return damaged.stream()
        .filter(name -> part.equals(partOfDamaged(name)))
        .map(folder::resolve)
        .toList();
  }

  /** Deletes a file that was set aside, of which nothing is missing any more. */
  void discard(Path aside) {
    damaged.remove(aside.getFileName().toString());
    delete(aside);
  }

  void restored(Part part) throws IOException {
    Files.deleteIfExists(restoreMark(part));
    toRestore.remove(part);
  }

  /** Whether the part's file is in use. */
  boolean has(Part part) {
    return parts.containsKey(part);
  }

  /** Whether another part of the day than this one may have the id. */
  boolean isInAnother(Part part, long id) {
    return parts
        .subMap(new Part(part.day(), Part.FIRST), new Part(part.day().plusDays(1), -1))
        .entrySet()
        .stream()
        .anyMatch(
            other ->
                !other.getKey().equals(part)
                    && id >= other.getValue().firstId()
                    && id <= other.getValue().lastId());
  }

  /** Deletes the files of days before {@code first}. */
  void dropBefore(LocalDate first) {
    for (Part part : List.copyOf(parts.headMap(new Part(first, Part.IMPORTED)).keySet())) {
      drop(part, "kept long enough");
    }
    for (String name : damaged) {
      Part part = partOfDamaged(name);
      if (part != null && part.day().isBefore(first)) {
        damaged.remove(name);
        delete(folder.resolve(name));
        delete(restoreMark(part));
      }
    }
  }

  /** Deletes the oldest files until all take no more than so much; never the newest. */
  void dropBeyond(long mostBytes) {
    while (sizeBytes() > mostBytes && parts.size() > 1) {
      Part oldest = parts.firstKey();
      if (oldest.equals(openPart)) {
        return; // an import of what is older than all the rest
      }
      drop(oldest, BEYOND);
    }
  }

  private void drop(Part part, String why) {
    if (part.equals(openPart)) {
      closeWriter();
    }
    parts.remove(part);
    sizes.remove(part);
    delete(path(part));
    dropped.increment();
    log.info("dropped a file of events file={} reason=\"{}\"", part, why);
  }

  private static void delete(Path file) {
    for (String suffix : BESIDE) {
      try {
        Files.deleteIfExists(Path.of(file + suffix));
      } catch (IOException e) {
        log.warn("cannot delete file={} cause=\"{}\"", file + suffix, e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    closeWriter();
  }
}
