package vigie.collector.store.sample;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.segment.SegmentReader;
import vigie.base.time.Clock;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleTap;

/**
 * The write-ahead log: what the head holds, to be there after a restart. Its records (in segments
 * of {@code base.segment}) are entries one behind the other; differences count from the entry
 * before in the same record, at first from zero.
 *
 * <pre>
 * entry     varint    difference to the id before, signed × 4 + kind
 *   kind 0  a sample: signed varint, difference of its time; signed varint, a whole number
 *   kind 1  a sample: signed varint, difference of its time; 8 bytes, any double
 *   kind 2  the series' samples from a time on are forgotten: signed varint, difference of the time
 *   kind 3  one byte says what
 *        1  a chunk of the series that is told next: 8 bytes start, varint span, varint samples,
 *           varint length, its bytes
 *        3  the whole series: varint labels, each two texts; varint plain samples behind its
 *           chunks, 8 bytes start, each varint distance from it and 8 bytes
 *        2  8 bytes: no sample before this time counts; 8 bytes: number of the newest block then
 *        4  samples of the series as a chunk, drawn as that of 1: histograms
 * text      varint length, UTF-8
 * </pre>
 *
 * An id is given anew whenever a series is written whole, which it is first of all and at each
 * checkpoint; ids only grow. A checkpoint writes every series whole and drops what stood before.
 * Where the disk refuses, nothing more is written until a checkpoint has succeeded.
 *
 * <p>A series' entries are written under its lock, so that they stand in the order in which they
 * happened. Safe for all threads.
 */
final class Wal implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Wal.class);
  private static final int WHOLE = 0;
  private static final int DOUBLE = 1;
  private static final int FORGET = 2;
  private static final int MORE = 3;
  private static final int CHUNK = 1;
  private static final int HORIZON = 2;
  private static final int SERIES = 3;
  private static final int HISTOGRAMS = 4;
  private static final int RECORD = 32 << 10;

  /** A chunk of histograms with 10,000 buckets, and what stands before it. */
  private static final int LARGEST = 512 << 10;

  private static final long PROGRESS_NANOS = 2_000_000_000L;

  private final Path folder;
  private final SegmentLog segments;
  private volatile SampleTap tap = SampleTap.NONE;

  /**
   * Taken before this; held from writing what is pending until it is certain or known to be not.
   */
  private final Object committing = new Object();

  // Guarded by this.
  private final Buffer record = new Buffer(RECORD + 1024);
  private long lastId;
  private long lastTime;
  private long nextId = 1;

  /** Number of the newest block, and up to when samples are in blocks. */
  private long newestBlock;

  private long covered = Long.MIN_VALUE;

  /** False from a failure to the next checkpoint, which writes everything anew. */
  private boolean writing = true;

  /** The failure, until a checkpoint has succeeded: the log lacks samples that the head has. */
  private @Nullable IOException broken;

  private Wal(Path folder, SegmentLog segments) {
    this.folder = folder;
    this.segments = segments;
  }

  static Wal open(Path folder, FileLayer files, long segmentBytes) throws IOException {
    SegmentOptions options = new SegmentOptions("samples", 1, segmentBytes, LARGEST);
    return new Wal(folder, SegmentLog.open(folder, options, files));
  }

  /** Tells the tap of each sample, and of the files' writes and syncs before they are done. */
  void tapTo(SampleTap told) {
    tap = told;
  }

  synchronized void sample(HeadSeries series, long timeMillis, double value) {
    tap.appended(series.labels, timeMillis, value);
    if (!canWrite(series)) {
      return;
    }
    long whole = (long) value;
    boolean isWhole =
        Math.abs(whole) < 1L << 40
            && Double.doubleToRawLongBits(whole) == Double.doubleToRawLongBits(value);
    head(series.id, isWhole ? WHOLE : DOUBLE);
    time(timeMillis);
    if (isWhole) {
      record.putSigned(whole);
    } else {
      record.putLong(Double.doubleToRawLongBits(value));
    }
    writeIfFull();
  }

  synchronized void histogram(
      HeadSeries series, long timeMillis, Histogram histogram, Chunk samples) {
    tap.appended(series.labels, timeMillis, histogram);
    if (canWrite(series)) {
      chunk(series.id, HISTOGRAMS, samples);
      writeIfFull();
    }
  }

  private void chunk(long id, int what, Chunk chunk) {
    head(id, MORE);
    record.putByte(what);
    record.putLong(chunk.startMillis);
    record.putVarint(chunk.endMillis() - chunk.startMillis);
    record.putVarint(chunk.count);
    record.putVarint(chunk.length);
    record.putChunk(chunk);
  }

  synchronized void forget(HeadSeries series, long fromMillis) {
    if (canWrite(series)) {
      head(series.id, FORGET);
      time(fromMillis);
      writeIfFull();
    }
  }

  /** False where it waits for a checkpoint, which writes the series whole. */
  private boolean canWrite(HeadSeries series) {
    if (writing && series.id == 0) {
      series(series, new Chunk[0], 0, new int[0], new double[0], 0);
    }
    return writing;
  }

  synchronized void series(
      HeadSeries series,
      Chunk[] chunks,
      long tailStart,
      int[] offsets,
      double[] values,
      int count) {
    if (!writing) {
      return;
    }
    series.id = nextId++;
    // The series last, as it takes the place of all that was told of it before.
    for (Chunk chunk : chunks) {
      chunk(series.id, CHUNK, chunk);
      writeIfFull();
    }
    head(series.id, MORE);
    record.putByte(SERIES);
    Labels labels = series.labels;
    record.putVarint(labels.size());
    for (int i = 0; i < labels.size(); i++) {
      record.putText(labels.name(i));
      record.putText(labels.value(i));
    }
    record.putVarint(count);
    record.putLong(tailStart);
    for (int i = 0; i < count; i++) {
      record.putVarint(offsets[i]);
      record.putLong(Double.doubleToRawLongBits(values[i]));
    }
    writeIfFull();
  }

  /** No sample before this counts; those there were are in blocks up to that number. */
  synchronized void horizon(long millis, long block) {
    covered = millis;
    newestBlock = block;
    if (writing) {
      head(0, MORE);
      record.putByte(HORIZON);
      record.putLong(millis);
      record.putLong(block);
    }
  }

  /** The clock was set back: samples count from this time again. */
  synchronized void horizon(long millis) {
    horizon(millis, newestBlock);
  }

  private void head(long id, int kind) {
    long difference = id - lastId;
    record.putVarint((difference << 1 ^ difference >> 63) << 2 | kind);
    lastId = id;
  }

  private void time(long millis) {
    record.putSigned(millis - lastTime);
    lastTime = millis;
  }

  private void writeIfFull() {
    if (record.length >= RECORD) {
      write();
    }
  }

  /** Hands what is pending to the file; makes nothing certain. */
  private synchronized void write() {
    tap.write();
    if (writing && record.length > 0) {
      try {
        segments.append(record.view());
      } catch (IOException e) {
        breaks(e);
      }
    }
    record.length = 0;
    lastId = 0;
    lastTime = 0;
  }

  private synchronized UncheckedIOException breaks(IOException e) {
    if (broken == null) {
      log.error(
          "samples are in memory only until the disk takes them cause=\"{}\"", e.getMessage());
    }
    writing = false;
    broken = e;
    return refused(e);
  }

  private UncheckedIOException refused(IOException e) {
    return new UncheckedIOException(
        "cannot keep samples in " + folder + ": " + FileLayer.reason(e), e);
  }

  /**
   * Returns once all that was appended is certain.
   *
   * @throws UncheckedIOException if the disk refuses
   */
  void commit() {
    synchronized (committing) {
      synchronized (this) {
        write();
        if (broken != null) {
          throw refused(broken);
        }
      }
      sync();
    }
  }

  private void sync() {
    tap.sync();
    try {
      segments.sync();
    } catch (IOException e) {
      throw breaks(e);
    }
  }

  /** Whether it waits for a checkpoint. */
  synchronized boolean isBroken() {
    return broken != null;
  }

  /**
   * Writes all there is anew and drops what stood before. Samples before {@link #horizon} are left
   * to blocks.
   *
   * @throws UncheckedIOException if the disk refuses; what stood before is still there then
   */
  void checkpoint(Head head) {
    long first;
    synchronized (this) {
      write();
      try {
        segments.roll();
        first = segments.nextNumber();
        writing = true;
      } catch (IOException e) {
        throw breaks(e);
      }
    }
    for (HeadSeries series : head.all()) {
      series.checkpoint(this);
    }
    synchronized (committing) {
      synchronized (this) {
        horizon(covered, newestBlock);
        write();
        if (!writing && broken != null) {
          throw breaks(broken);
        }
      }
      sync();
      synchronized (this) {
        if (broken != null && writing) {
          log.info("samples are on the disk again folder={}", folder);
          broken = null;
        }
      }
    }
    try {
      segments.dropBefore(first);
    } catch (IOException e) {
      throw refused(e);
    }
  }

  long sizeBytes() {
    return segments.sizeBytes();
  }

  /** How much damage was met. */
  long faultCount() {
    return segments.faultCount();
  }

  @Override
  public void close() throws IOException {
    try {
      commit();
    } catch (UncheckedIOException e) {
      log.error("newest samples are lost cause=\"{}\"", e.getMessage());
    }
    segments.close();
  }

  /**
   * Brings the head back to what it was. For use before anything is written.
   *
   * @param newest number of the newest block
   * @param blockEnd where that ends; samples before are in blocks if the log does not know it
   * @return number of the newest block that the log knows
   */
  synchronized long replay(Head head, long newest, long blockEnd, Clock clock) throws IOException {
    Replay replay = new Replay(head);
    long first = segments.firstNumber();
    long next = segments.syncedNext();
    long started = clock.nanos();
    long told = started;
    try (SegmentReader reader = segments.reader(first)) {
      while (reader.next()) {
        try {
          replay.record(reader.record());
        } catch (RuntimeException e) {
          // Its CRC is right: ours or an older program's fault. The rest is worth having.
          log.error("record of samples is not understood number={}", reader.number(), e);
        }
        if (clock.nanos() - told > PROGRESS_NANOS) {
          told = clock.nanos();
          log.info(
              "reading samples folder={} done={}%",
              folder, 100 * (reader.number() - first) / Math.max(1, next - first));
        }
      }
    }
    nextId = replay.highestId + 1;
    newestBlock = Math.max(newest, replay.newestBlock);
    covered = newest > replay.newestBlock ? Math.max(replay.horizon, blockEnd) : replay.horizon;
    head.setHorizon(covered);
    head.truncate(covered);
    log.info(
        "samples are back folder={} series={} samples={} took_ms={}",
        folder,
        head.size(),
        replay.samples,
        (clock.nanos() - started) / 1_000_000);
    // Without damage these were written again with their series by the last checkpoint.
    if (replay.unknown > 0 && segments.faultCount() > 0) {
      log.warn("samples of unknown series left out count={}", replay.unknown);
    }
    return newestBlock;
  }

  /** Reads records into a head. */
  private static final class Replay {
    private final Head head;

    /** By id, from {@code firstId} on. */
    private @Nullable HeadSeries[] series = new @Nullable HeadSeries[1024];

    /** Those of the series that is told next. */
    private final List<Chunk> chunks = new ArrayList<>();

    private long chunksOf;
    private long firstId;
    private long highestId;
    private long horizon = Long.MIN_VALUE;
    private long newestBlock;
    private long samples;
    private long unknown;

    Replay(Head head) {
      this.head = head;
    }

    void record(ByteBuffer in) {
      long id = 0;
      long time = 0;
      while (in.hasRemaining()) {
        long start = Buffer.varint(in);
        int kind = (int) start & 3;
        long difference = start >>> 2;
        id += difference >>> 1 ^ -(difference & 1);
        if (kind == MORE) {
          more(id, in);
          continue;
        }
        time += Buffer.signed(in);
        HeadSeries of = byId(id);
        if (kind == FORGET) {
          if (of != null) {
            of.forgetFrom(time);
          }
          continue;
        }
        double value = kind == WHOLE ? Buffer.signed(in) : Double.longBitsToDouble(in.getLong());
        if (of == null) {
          unknown++;
        } else {
          of.append(time, value, null, true, Long.MAX_VALUE);
          samples++;
        }
      }
    }

    private void more(long id, ByteBuffer in) {
      byte what = in.get();
      switch (what) {
        case CHUNK -> chunk(id, in);
        case HISTOGRAMS -> histograms(id, in);
        case SERIES -> wholeSeries(id, in);
        case HORIZON -> {
          horizon = in.getLong();
          newestBlock = in.getLong();
        }
        default -> throw new IllegalStateException("entry of unknown kind " + what);
      }
    }

    private void chunk(long id, ByteBuffer in) {
      if (id != chunksOf) {
        chunks.clear();
        chunksOf = id;
      }
      Chunk chunk = readChunk(in);
      chunks.add(chunk);
      samples += chunk.count;
    }

    private static Chunk readChunk(ByteBuffer in) {
      long start = in.getLong();
      int span = (int) Buffer.varint(in);
      int count = (int) Buffer.varint(in);
      byte[] bytes = Buffer.bytes(in);
      return new Chunk(start, span, count, bytes, 0, bytes.length);
    }

    private void histograms(long id, ByteBuffer in) {
      Chunk chunk = readChunk(in);
      HeadSeries of = byId(id);
      if (of == null) {
        unknown += chunk.count;
        return;
      }
      int[] offsets = new int[chunk.count];
      double[] values = new double[chunk.count];
      @Nullable Histogram @Nullable [] histograms = chunk.unpack(offsets, values);
      for (int i = 0; i < chunk.count; i++) {
        of.append(
            chunk.startMillis + offsets[i],
            values[i],
            histograms == null ? null : histograms[i],
            true,
            Long.MAX_VALUE);
      }
      samples += chunk.count;
    }

    private void wholeSeries(long id, ByteBuffer in) {
      Labels.Builder labels = new Labels.Builder();
      int size = Buffer.count(in);
      for (int i = 0; i < size; i++) {
        labels.set(Buffer.text(in), Buffer.text(in));
      }
      int count = Buffer.count(in);
      long start = in.getLong();
      int[] offsets = new int[Math.max(8, count)];
      double[] values = new double[offsets.length];
      for (int i = 0; i < count; i++) {
        offsets[i] = (int) Buffer.varint(in);
        values[i] = Double.longBitsToDouble(in.getLong());
      }
      samples += count;
      HeadSeries restored = head.create(labels.build(), false);
      if (restored == null) {
        throw new IllegalStateException("BUG: no series without a limit");
      }
      Chunk[] whole = id == chunksOf ? chunks.toArray(Chunk[]::new) : new Chunk[0];
      chunks.clear();
      restored.restore(whole, start, offsets, values, count);
      restored.id = id;
      put(id, restored);
    }

    private void put(long id, HeadSeries restored) {
      if (highestId == 0) {
        firstId = id;
      }
      highestId = Math.max(highestId, id);
      int index = Math.toIntExact(id - firstId);
      if (index >= series.length) {
        series = Arrays.copyOf(series, Math.max(index + 1, 2 * series.length));
      }
      series[index] = restored;
    }

    private @Nullable HeadSeries byId(long id) {
      long index = id - firstId;
      return index >= 0 && index < series.length && highestId > 0 ? series[(int) index] : null;
    }
  }
}
