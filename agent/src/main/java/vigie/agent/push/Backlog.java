package vigie.agent.push;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.remotewrite.WriteRequest;

/**
 * What waits to be sent, in order. It stands in memory; with a folder, what cannot be sent goes
 * there and comes back from there, so that nothing is written while the server answers. Beyond a
 * number of bytes or an age the oldest go. One thread at a time.
 */
final class Backlog implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(Backlog.class);

  /** Of an entry in the tables that hold labels. */
  private static final int LABELS_OVERHEAD = 80;

  private final long maxBytes;
  private final long maxAgeMillis;
  private final PushMeters meters;
  private final @Nullable DiskQueue disk;
  private final WriteRequest writer = new WriteRequest();
  private final Deque<Batch> memory = new ArrayDeque<>();
  private final IdentityHashMap<byte[], int[]> users = new IdentityHashMap<>();
  private long memoryBytes;
  private boolean diskFails;
  private @Nullable Waiting encoded; // the first of memory

  /**
   * @param disk null keeps everything in memory
   */
  Backlog(long maxBytes, Duration maxAge, @Nullable DiskQueue disk, PushMeters meters) {
    this.maxBytes = maxBytes;
    this.maxAgeMillis = maxAge.toMillis();
    this.disk = disk;
    this.meters = meters;
  }

  /** Adds the newest. */
  void add(Batch batch, long nowMillis) {
    if (disk == null || !memory.isEmpty() || disk.isEmpty() || !write(disk, batch)) {
      remember(batch);
    }
    trim(nowMillis);
  }

  /** The server does not take it: where there is a folder, what is in memory moves there. */
  void spill() {
    for (Batch batch = memory.peek(); disk != null && batch != null; batch = memory.peek()) {
      if (!write(disk, batch)) {
        return;
      }
      forget();
    }
  }

  /** The oldest, null where nothing waits. The same until it is removed or too old. */
  @Nullable Waiting first(long nowMillis) {
    trim(nowMillis);
    Waiting head = head();
    Batch batch = memory.peek();
    if (head == null && encoded == null && batch != null) {
      encoded = encode(batch);
    }
    return head != null ? head : encoded;
  }

  /** Takes out what {@link #first} gave; nothing where it was dropped meanwhile. */
  @SuppressWarnings("ReferenceEquality") // that very one: another may hold the same bytes
  void remove(Waiting done) {
    if (done == encoded) {
      forget();
    } else if (done == head()) {
      removeHead();
    }
  }

  /** What waits, in bytes of memory or disk. */
  long bytes() {
    return memoryBytes + (disk == null ? 0 : disk.bytes());
  }

  /** The time of the oldest, in milliseconds since the epoch; {@code now} where nothing waits. */
  long oldestMillis(long nowMillis) {
    Waiting head = head();
    Batch batch = memory.peek();
    return head != null
        ? head.timestampMillis()
        : batch != null ? batch.timestampMillis() : nowMillis;
  }

  @Override
  public void close() throws IOException {
    if (disk != null) {
      spill();
      disk.close();
    }
    for (Batch batch : memory) {
      meters.dropped("stopped", batch.values().length);
    }
  }

  private void trim(long nowMillis) {
    long oldest = nowMillis - maxAgeMillis;
    for (Waiting head = head(); head != null; head = head()) {
      boolean full = disk != null && disk.bytes() > maxBytes;
      if (!full && head.timestampMillis() >= oldest) {
        break;
      }
      meters.dropped(full ? "full" : "age", head.samples());
      removeHead();
    }
    for (Batch batch = memory.peek(); batch != null; batch = memory.peek()) {
      boolean full = memoryBytes > maxBytes;
      if (!full && batch.timestampMillis() >= oldest) {
        break;
      }
      meters.dropped(full ? "full" : "age", batch.values().length);
      forget();
    }
  }

  private Waiting encode(Batch batch) {
    return new Waiting(batch.timestampMillis(), batch.values().length, batch.encode(writer));
  }

  private void remember(Batch batch) {
    memory.add(batch);
    memoryBytes += batch.ownBytes();
    for (byte[] labels : batch.series()) {
      if (users.computeIfAbsent(labels, key -> new int[1])[0]++ == 0) {
        memoryBytes += labels.length + LABELS_OVERHEAD;
      }
    }
  }

  private void forget() {
    Batch batch = memory.remove();
    encoded = null;
    memoryBytes -= batch.ownBytes();
    for (byte[] labels : batch.series()) {
      int[] count = users.get(labels);
      if (count != null && --count[0] == 0) {
        users.remove(labels);
        memoryBytes -= labels.length + LABELS_OVERHEAD;
      }
    }
  }

  private boolean write(DiskQueue to, Batch batch) {
    try {
      to.add(encode(batch));
      if (diskFails) {
        diskFails = false;
        log.info("samples can be kept on disk again");
      }
      return true;
    } catch (IOException e) {
      told(e);
      return false;
    }
  }

  private @Nullable Waiting head() {
    try {
      return disk == null ? null : disk.head();
    } catch (IOException e) {
      told(e);
      return null;
    }
  }

  private void removeHead() {
    try {
      if (disk != null) {
        disk.remove();
      }
    } catch (IOException e) {
      told(e);
    }
  }

  private void told(IOException e) {
    meters.diskFailed();
    if (!diskFails) {
      diskFails = true;
      log.error("samples cannot be kept on disk cause=\"{}\"", e.getMessage());
    }
  }
}
