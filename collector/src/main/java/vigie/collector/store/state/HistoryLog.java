package vigie.collector.store.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.DiskRoom;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.segment.SegmentReader;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.alert.AlertHistory;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.label.Labels;

/**
 * The history of alerts in a folder of segment files, the oldest of which go when they are too old
 * or all are too large. In memory there is only which alerts each segment names, so that looking
 * one up reads few files. Entries wait in a queue and are written and synced together. Safe for all
 * threads.
 *
 * <p>A record is:
 *
 * <pre>
 *   1 byte   code of the kind
 *   8 bytes  when, microseconds since the epoch
 *   2 bytes  number of alerts
 *   8 bytes  each: fingerprint
 *   rest     JSON: labels, who, text, ref, what is empty left out
 * </pre>
 */
public final class HistoryLog implements AlertHistory, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HistoryLog.class);
  private static final int MOST_RECORD = 1 << 20;
  private static final long SEGMENT = 1 << 20;
  private static final int MOST_QUEUED = 20_000;
  private static final int BATCH = 1000;
  private static final Duration LOOK_EVERY = Duration.ofHours(1);
  private static final int HEAD = 11;

  private final Path folder;
  private final SegmentLog segments;
  private final Duration keep;
  private final long mostBytes;
  private final Clock clock;
  private final Executor executor;
  private final Counter dropped;

  /** Held by who writes. */
  private final Object writer = new Object();

  /** Guards what follows; never held while the disk works. */
  private final Object lock = new Object();

  private final ArrayDeque<Queued> queue = new ArrayDeque<>();
  private boolean writing;

  /** Guarded by {@link #writer}. */
  private boolean failing;

  /** By the number of its first record. */
  private final TreeMap<Long, HistorySegment> index = new TreeMap<>();

  private final Map<String, Instant> firing = new HashMap<>();

  private record Queued(HistoryEntry entry, CompletableFuture<Void> done) {}

  private HistoryLog(
      Path folder,
      SegmentLog segments,
      Duration keep,
      long mostBytes,
      Clock clock,
      Executor executor,
      MeterRegistry meters) {
    this.folder = folder;
    this.segments = segments;
    this.keep = keep;
    this.mostBytes = mostBytes;
    this.clock = clock;
    this.executor = executor;
    this.dropped = meters.counter("vigie.history.dropped");
    meters.gauge("vigie.history.bytes", segments, SegmentLog::sizeBytes);
  }

  /**
   * Opens or makes the history in {@code folder} and reads all of it once.
   *
   * @param keep how long entries are kept, at least
   * @param mostBytes what the files may take on the disk; the oldest go first
   * @param executor writes; one thread
   * @throws UncheckedIOException if the folder cannot be used or is held by another process; the
   *     message names it
   */
  public static HistoryLog open(
      Path folder,
      Duration keep,
      long mostBytes,
      FileLayer files,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters) {
    try {
      SegmentLog segments =
          SegmentLog.open(folder, new SegmentOptions("history", 1, SEGMENT, MOST_RECORD), files);
      HistoryLog opened =
          new HistoryLog(folder, segments, keep, mostBytes, clock, executor, meters);
      try {
        opened.load();
        opened.dropOld();
      } catch (IOException | RuntimeException e) {
        segments.close();
        throw e;
      }
      scheduler.every(LOOK_EVERY, LOOK_EVERY, () -> opened.execute(opened::dropOld));
      return opened;
    } catch (IOException e) {
      throw failed("open", folder, e);
    }
  }

  private void load() throws IOException {
    List<Long> starts = segments.segmentStarts();
    int at = 0;
    try (SegmentReader reader = segments.reader(0)) {
      while (reader.next()) {
        while (at + 1 < starts.size() && reader.number() >= starts.get(at + 1)) {
          seal(starts.get(at));
          at++;
        }
        ByteBuffer record = reader.record();
        int code = record.get(0) & 0xff;
        Instant when = instant(record.getLong(1));
        int count = Short.toUnsignedInt(record.getShort(9));
        HistorySegment segment = index.computeIfAbsent(starts.get(at), s -> new HistorySegment());
        segment.add(when);
        for (int i = 0; i < count; i++) {
          long fingerprint = record.getLong(HEAD + 8 * i);
          segment.add(fingerprint);
          noteFiring(code, when, text(fingerprint));
        }
      }
    }
  }

  private void seal(long start) {
    HistorySegment segment = index.get(start);
    if (segment != null) {
      segment.seal();
    }
  }

  private void noteFiring(int code, Instant when, String fingerprint) {
    if (code == HistoryKind.FIRING.code()) {
      firing.put(fingerprint, when);
    } else if (code == HistoryKind.RESOLVED.code()) {
      firing.remove(fingerprint);
    }
  }

  @Override
  public CompletionStage<Void> append(HistoryEntry entry) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    synchronized (lock) {
      if (queue.size() >= MOST_QUEUED) {
        dropped.increment();
        done.completeExceptionally(
            new IOException("too much waits to be written to the history in " + folder));
        return done;
      }
      queue.add(new Queued(entry, done));
      if (writing) {
        return done;
      }
      writing = true;
    }
    execute(this::write);
    return done;
  }

  private void execute(Runnable work) {
    try {
      executor.execute(work);
    } catch (RejectedExecutionException closed) {
      log.debug("no history any more: closed");
    }
  }

  /** Writes what waits, until nothing does; one thread at a time. */
  private void write() {
    synchronized (writer) {
      writeAll();
    }
  }

  private void writeAll() {
    while (true) {
      List<Queued> batch = new ArrayList<>();
      synchronized (lock) {
        while (batch.size() < BATCH && !queue.isEmpty()) {
          batch.add(queue.remove());
        }
        if (batch.isEmpty()) {
          writing = false;
          return;
        }
      }
      try {
        write(batch.stream().map(Queued::entry).toList());
        batch.forEach(each -> each.done().complete(null));
        recovered();
      } catch (IOException | RuntimeException e) {
        dropped.increment(batch.size());
        failing(e);
        batch.forEach(each -> each.done().completeExceptionally(e));
      }
    }
  }

  private void write(List<HistoryEntry> entries) throws IOException {
    segments.append(entries.stream().map(HistoryLog::record).toList());
    long start = segments.activeStart(); // a batch is never split
    segments.sync();
    synchronized (lock) {
      HistorySegment segment = index.get(start);
      if (segment == null) {
        if (!index.isEmpty()) {
          index.lastEntry().getValue().seal();
        }
        segment = new HistorySegment();
        index.put(start, segment);
      }
      for (HistoryEntry entry : entries) {
        segment.add(entry.at());
        for (String fingerprint : entry.alerts()) {
          segment.add(Long.parseUnsignedLong(fingerprint, 16));
          noteFiring(entry.kind().code(), entry.at(), fingerprint);
        }
      }
    }
  }

  private void failing(Exception e) {
    if (!failing) {
      log.error(
          "the history cannot be written, entries are lost folder={} cause={}",
          folder,
          e instanceof IOException io ? DiskRoom.reason(folder, io) : e.toString());
    }
    failing = true;
  }

  private void recovered() {
    if (failing) {
      log.info("the history is written again folder={}", folder);
    }
    failing = false;
  }

  @Override
  public List<HistoryEntry> of(String fingerprint, int most) {
    long wanted = Long.parseUnsignedLong(fingerprint, 16);
    return read(segment -> segment.names(wanted), record -> names(record, wanted), most);
  }

  private static boolean names(ByteBuffer record, long fingerprint) {
    int count = Short.toUnsignedInt(record.getShort(9));
    for (int i = 0; i < count; i++) {
      if (record.getLong(HEAD + 8 * i) == fingerprint) {
        return true;
      }
    }
    return false;
  }

  @Override
  public List<HistoryEntry> between(Instant from, Instant to, int most) {
    return read(
        segment -> segment.isWithin(from, to),
        record -> {
          Instant at = instant(record.getLong(1));
          return !at.isBefore(from) && !at.isAfter(to);
        },
        most);
  }

  /** The newest segments first, until there is enough. */
  private List<HistoryEntry> read(
      Predicate<HistorySegment> segment, Predicate<ByteBuffer> condition, int most) {
    TreeMap<Long, Long> ranges = new TreeMap<>(Collections.reverseOrder());
    synchronized (lock) {
      index.forEach(
          (start, each) -> {
            if (segment.test(each)) {
              Long next = index.higherKey(start);
              ranges.put(start, next == null ? Long.MAX_VALUE : next);
            }
          });
    }
    ArrayDeque<HistoryEntry> found = new ArrayDeque<>();
    try {
      for (Map.Entry<Long, Long> range : ranges.entrySet()) {
        List<HistoryEntry> here = read(range.getKey(), range.getValue(), condition);
        for (int i = here.size() - 1; i >= 0 && found.size() < most; i--) {
          found.addFirst(here.get(i));
        }
        if (found.size() >= most) {
          break;
        }
      }
    } catch (IOException e) {
      throw failed("read", folder, e);
    }
    List<HistoryEntry> sorted = new ArrayList<>(found);
    // What several threads told at once may lie the wrong way round.
    sorted.sort(Comparator.comparing(HistoryEntry::at));
    return sorted;
  }

  private List<HistoryEntry> read(long from, long to, Predicate<ByteBuffer> condition)
      throws IOException {
    List<HistoryEntry> found = new ArrayList<>();
    try (SegmentReader reader = segments.reader(from)) {
      while (reader.next() && reader.number() < to) {
        if (condition.test(reader.record())) {
          try {
            found.add(entry(reader.record()));
          } catch (RuntimeException e) {
            log.warn("an entry of the history cannot be read cause={}", e.getMessage());
          }
        }
      }
    }
    return found;
  }

  @Override
  public Map<String, Instant> firing() {
    synchronized (lock) {
      return Map.copyOf(firing);
    }
  }

  private void dropOld() {
    Instant oldest = clock.now().minus(keep);
    long before = segments.firstWithin(mostBytes);
    synchronized (lock) {
      for (Map.Entry<Long, HistorySegment> each : index.entrySet()) {
        Long next = index.higherKey(each.getKey());
        if (next == null || !each.getValue().isBefore(oldest)) {
          break;
        }
        before = Math.max(before, next);
      }
    }
    try {
      segments.dropBefore(before);
    } catch (IOException e) {
      log.warn("old history stays cause={}", e.getMessage());
    }
    synchronized (lock) {
      index.headMap(segments.firstNumber()).clear();
    }
  }

  private static ByteBuffer record(HistoryEntry entry) {
    ObjectNode node = StateJson.object();
    if (!entry.labels().isEmpty()) {
      node.set("labels", StateJson.labels(entry.labels()));
    }
    put(node, "who", entry.who());
    put(node, "text", entry.text());
    put(node, "ref", entry.ref());
    byte[] json = StateJson.bytes(node);
    ByteBuffer record = ByteBuffer.allocate(HEAD + 8 * entry.alerts().size() + json.length);
    record
        .put((byte) entry.kind().code())
        .putLong(micros(entry.at()))
        .putShort((short) entry.alerts().size());
    entry.alerts().forEach(each -> record.putLong(Long.parseUnsignedLong(each, 16)));
    return record.put(json).flip();
  }

  private static void put(ObjectNode node, String field, String value) {
    if (!value.isEmpty()) {
      node.put(field, value);
    }
  }

  private static HistoryEntry entry(ByteBuffer original) {
    ByteBuffer record = original.duplicate();
    int code = record.get() & 0xff;
    Instant at = instant(record.getLong());
    int count = Short.toUnsignedInt(record.getShort());
    List<String> alerts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      alerts.add(text(record.getLong()));
    }
    byte[] json = new byte[record.remaining()];
    record.get(json);
    JsonNode node = StateJson.parse(json);
    return new HistoryEntry(
        at,
        HistoryKind.of(code),
        alerts,
        node.has("labels") ? StateJson.labels(node.path("labels")) : Labels.EMPTY,
        node.path("who").asText(),
        node.path("text").asText(),
        node.path("ref").asText());
  }

  /** As far as 290,000 years: the JDK's own difference in microseconds ends after 292. */
  private static long micros(Instant time) {
    return Math.addExact(
        Math.multiplyExact(time.getEpochSecond(), 1_000_000L), time.getNano() / 1_000);
  }

  private static Instant instant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  private static String text(long fingerprint) {
    String digits = Long.toHexString(fingerprint);
    return "0".repeat(16 - digits.length()) + digits;
  }

  private static UncheckedIOException failed(String verb, Path folder, IOException e) {
    return new UncheckedIOException(
        "cannot " + verb + " the history in " + folder + ": " + DiskRoom.reason(folder, e), e);
  }

  /** Writes what still waits; what comes later is dropped. */
  @Override
  public void close() {
    write();
    try {
      segments.close();
    } catch (IOException e) {
      throw failed("close", folder, e);
    }
  }
}
