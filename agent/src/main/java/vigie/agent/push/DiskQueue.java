package vigie.agent.push;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.segment.SegmentReader;

/**
 * Requests in a folder of segment files, oldest first. What was removed is gone from the disk with
 * the last of its segment, so that after a crash a few requests come again. One thread at a time.
 *
 * <pre>
 * record   8 timestamp in milliseconds | 4 samples | request as it goes over the wire
 * </pre>
 */
final class DiskQueue implements Closeable {
  private static final SegmentOptions OPTIONS = new SegmentOptions("push", 1, 256 << 10, 4 << 20);
  private static final int HEADER = 12;

  private final SegmentLog log;
  private final SegmentReader reader;
  private long next;
  private @Nullable Waiting head;

  private DiskQueue(SegmentLog log) {
    this.log = log;
    this.next = log.firstNumber();
    this.reader = log.reader(next);
  }

  /** Opens the folder, which is made if absent. */
  static DiskQueue open(Path folder, FileLayer files) throws IOException {
    return new DiskQueue(SegmentLog.open(folder, OPTIONS, files));
  }

  /** Adds the newest; it is certain on return. */
  void add(Waiting request) throws IOException {
    ByteBuffer record = ByteBuffer.allocate(HEADER + request.body().length);
    record.putLong(request.timestampMillis()).putInt(request.samples()).put(request.body());
    log.append(record.flip());
    log.sync();
  }

  /** The oldest, null where there is none. */
  @Nullable Waiting head() throws IOException {
    while (head == null && next < log.syncedNext() && reader.next()) {
      next = reader.number() + 1;
      ByteBuffer record = reader.record();
      if (record.remaining() > HEADER) {
        long timestamp = record.getLong();
        int samples = record.getInt();
        byte[] body = new byte[record.remaining()];
        record.get(body);
        head = new Waiting(timestamp, samples, body);
      }
    }
    return head;
  }

  /** Takes the oldest out. */
  void remove() throws IOException {
    head = null;
    if (isEmpty()) {
      log.roll();
      log.dropBefore(log.nextNumber());
    } else if (log.canDropBefore(next)) {
      log.dropBefore(next);
    }
  }

  boolean isEmpty() {
    return head == null && next >= log.syncedNext();
  }

  long bytes() {
    return isEmpty() ? 0 : log.sizeBytes();
  }

  @Override
  public void close() throws IOException {
    reader.close();
    log.close();
  }
}
