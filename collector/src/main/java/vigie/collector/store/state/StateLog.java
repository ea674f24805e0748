package vigie.collector.store.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.DiskRoom;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.segment.SegmentReader;

/**
 * A small durable map from keys to bytes in a folder: what was put is on the disk when the call
 * returns. All of it is also in memory. One owner per folder. Safe for all threads.
 *
 * <p>On disk it is a segment log of changes; the last one of a key counts. When the log is mostly
 * history, what lives is appended once more and everything before it deleted. A record is:
 *
 * <pre>
 *   1 byte   1 put, 2 remove, 3 fresh
 *   2 bytes  length of the key, 0 where it is fresh
 *   n bytes  key, UTF-8
 *   rest     put: the value; fresh: 8 bytes, number of the record from which on all that lives is
 *            there again, if none of them is missing: what was put before and not since is gone
 * </pre>
 */
public final class StateLog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StateLog.class);
  private static final byte PUT = 1;
  private static final byte REMOVE = 2;
  private static final byte FRESH = 3;
  private static final int MOST_RECORD = 1 << 24;
  private static final long MOST_LIVE = 256L << 20;
  private static final int REWRITE_BATCH = 256;

  /** The log may always be this large before it is rewritten. */
  private static final long SMALL = 1L << 20;

  private static final int MOSTLY_HISTORY = 4;

  private final Path folder;
  private final SegmentLog segments;

  /** Guards all fields below; taken before {@link #syncing} where both are. */
  private final Object changing = new Object();

  /** Held during a sync, so that those who append meanwhile share the next one. */
  private final Object syncing = new Object();

  private final Map<String, byte[]> live = new HashMap<>();
  private long liveBytes;

  /** Counts failed syncs: whoever appended before one can't rely on a later one. */
  private final AtomicInteger failures = new AtomicInteger();

  /** Whether the log lacks a change that {@link #live} has. */
  private volatile boolean behind;

  private StateLog(Path folder, SegmentLog segments) {
    this.folder = folder;
    this.segments = segments;
  }

  /** Opens or makes the map in {@code folder} on the machine's disk. */
  public static StateLog open(Path folder) {
    return open(folder, FileLayer.disk());
  }

  /**
   * Opens or makes the map in {@code folder}.
   *
   * @throws UncheckedIOException if the folder cannot be used or is held by another process; the
   *     message names it
   */
  public static StateLog open(Path folder, FileLayer files) {
    try {
      SegmentLog segments =
          SegmentLog.open(folder, new SegmentOptions("state", 1, 4 << 20, MOST_RECORD), files);
      StateLog opened = new StateLog(folder, segments);
      try {
        opened.load();
        return opened;
      } catch (IOException | RuntimeException e) {
        segments.close();
        throw e;
      }
    } catch (IOException e) {
      throw failed("open", folder, e);
    }
  }

  private void load() throws IOException {
    Map<String, Long> numbers = new HashMap<>();
    long wholeFrom = 0; // no record is missing since
    long expected = 0;
    try (SegmentReader reader = segments.reader(0)) {
      while (reader.next()) {
        wholeFrom = reader.number() == expected ? wholeFrom : reader.number();
        expected = reader.number() + 1;
        ByteBuffer record = reader.record();
        byte kind = record.get();
        byte[] key = new byte[Short.toUnsignedInt(record.getShort())];
        record.get(key);
        byte[] value = new byte[record.remaining()];
        record.get(value);
        if (kind == FRESH) {
          long start = ByteBuffer.wrap(value).getLong();
          if (start < wholeFrom) {
            // A power cut before its sync took some of what was to be there again; the log before
            // it is deleted only after that, and still counts.
            log.warn("state was being rewritten, what was before stays folder={}", folder);
            continue;
          }
          numbers.forEach((old, number) -> keep(old, number < start ? null : live.get(old)));
        } else {
          String name = new String(key, UTF_8);
          keep(name, kind == PUT ? value : null);
          numbers.put(name, reader.number());
        }
      }
    }
  }

  /** The value last put, or null where there is none; nobody may change it. */
  public byte @Nullable [] get(String key) {
    synchronized (changing) {
      return live.get(key);
    }
  }

  /** All keys that begin with {@code prefix}, in no order. */
  public List<String> keys(String prefix) {
    synchronized (changing) {
      return live.keySet().stream().filter(key -> key.startsWith(prefix)).toList();
    }
  }

  /** Sets one value; see {@link #update}. */
  public void put(String key, byte[] value) {
    update(Map.of(key, value), List.of());
  }

  /** Sets several values; see {@link #update}. */
  public void putAll(Map<String, byte[]> values) {
    update(values, List.of());
  }

  /** Removes one value, where there is one; see {@link #update}. */
  public void remove(String key) {
    update(Map.of(), List.of(key));
  }

  /**
   * Sets and removes values with one sync, which several threads may share; all of it is durable
   * when this returns. A crash before that may leave any first part of it.
   *
   * @param puts keys up to 64 KiB and values up to 16 MiB, not changed afterwards by the caller
   * @throws UncheckedIOException if the disk refuses, or if all values together would be over 256
   *     MiB (then nothing changes). After the disk refused the map holds the new values, a restart
   *     may bring the old ones back, and the next call that succeeds makes these durable, too
   */
  public void update(Map<String, byte[]> puts, Collection<String> removes) {
    try {
      int failuresSeen;
      long last;
      synchronized (changing) {
        List<ByteBuffer> records = records(puts, removes);
        if (records.isEmpty()) {
          return;
        }
        puts.forEach(this::keep);
        removes.forEach(key -> keep(key, null));
        if (behind || isMostlyHistory()) {
          rewrite();
          return;
        }
        failuresSeen = failures.get();
        last = append(records) + records.size() - 1;
      }
      sync(last, failuresSeen);
    } catch (IOException e) {
      throw failed("write", folder, e);
    }
  }

  private List<ByteBuffer> records(Map<String, byte[]> puts, Collection<String> removes)
      throws IOException {
    List<ByteBuffer> records = new ArrayList<>();
    long more = 0;
    for (Map.Entry<String, byte[]> put : puts.entrySet()) {
      records.add(record(PUT, put.getKey(), put.getValue()));
      more += put.getValue().length;
    }
    if (liveBytes + more > MOST_LIVE) {
      throw new IOException("it would hold more than " + (MOST_LIVE >> 20) + " MiB");
    }
    for (String key : removes) {
      if (live.containsKey(key) || behind) {
        records.add(record(REMOVE, key, new byte[0]));
      }
    }
    return records;
  }

  private static ByteBuffer record(byte kind, String key, byte[] value) throws IOException {
    byte[] name = key.getBytes(UTF_8);
    if (name.length > 0xffff || 3L + name.length + value.length > MOST_RECORD) {
      throw new IOException(
          "a key of " + name.length + " and a value of " + value.length + " bytes");
    }
    return ByteBuffer.allocate(3 + name.length + value.length)
        .put(kind)
        .putShort((short) name.length)
        .put(name)
        .put(value)
        .flip();
  }

  private void keep(String key, byte @Nullable [] value) {
    byte[] before = value == null ? live.remove(key) : live.put(key, value);
    liveBytes += size(key, value) - size(key, before);
  }

  private static long size(String key, byte @Nullable [] value) {
    return value == null ? 0 : 32 + key.length() + value.length;
  }

  private long append(List<ByteBuffer> records) throws IOException {
    try {
      return segments.append(records);
    } catch (IOException e) {
      behind = true;
      throw e;
    }
  }

  private void sync(long last, int failuresSeen) throws IOException {
    synchronized (syncing) {
      if (failures.get() == failuresSeen) {
        if (segments.syncedNext() <= last) {
          syncOrCount();
        }
        return;
      }
    }
    // A sync failed after the append, which took the records out of the log again.
    synchronized (changing) {
      if (behind) {
        rewrite();
      }
    }
  }

  private void syncOrCount() throws IOException {
    try {
      segments.sync();
    } catch (IOException e) {
      behind = true;
      failures.incrementAndGet();
      throw e;
    }
  }

  private boolean isMostlyHistory() {
    return segments.sizeBytes() > SMALL + MOSTLY_HISTORY * liveBytes;
  }

  /** Writes what lives once more, makes it durable, and only then deletes what was before. */
  private void rewrite() throws IOException {
    synchronized (syncing) {
      behind = true;
      try {
        segments.roll();
        long start = segments.nextNumber();
        List<ByteBuffer> batch = new ArrayList<>();
        for (Map.Entry<String, byte[]> entry : live.entrySet()) {
          batch.add(record(PUT, entry.getKey(), entry.getValue()));
          if (batch.size() == REWRITE_BATCH) {
            segments.append(batch);
            batch.clear();
          }
        }
        byte[] number = ByteBuffer.allocate(8).putLong(start).array();
        batch.add(record(FRESH, "", number));
        segments.append(batch);
        segments.sync();
        behind = false;
        drop(start);
      } catch (IOException e) {
        failures.incrementAndGet();
        throw e;
      }
    }
  }

  private void drop(long start) {
    try {
      segments.dropBefore(start);
    } catch (IOException e) {
      // What is left over is history that the next rewrite deletes.
      log.warn("cannot delete old state folder={} cause={}", folder, e.getMessage());
    }
  }

  private static UncheckedIOException failed(String verb, Path folder, IOException e) {
    return new UncheckedIOException(
        "cannot " + verb + " the state in " + folder + ": " + DiskRoom.reason(folder, e), e);
  }

  @Override
  public void close() {
    synchronized (changing) {
      try {
        segments.close();
      } catch (IOException e) {
        throw failed("close", folder, e);
      }
    }
  }
}
