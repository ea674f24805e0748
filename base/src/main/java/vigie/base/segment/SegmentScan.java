package vigie.base.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Walks the records of one segment file and steps over damage. Not safe for several threads.
 *
 * <p>Behind a bad record, whose length means nothing, it looks at every byte; a record's number,
 * which must grow, and its CRC tell it from chance.
 */
final class SegmentScan {
  private static final int WINDOW = 64 << 10;

  private final DataFile data;
  private final int mostRecordBytes;
  private final CRC32C crc = new CRC32C();
  // What the file holds from windowStart on; grows to the largest record met.
  private ByteBuffer window;
  private long windowStart;
  private long position = SegmentFormat.HEADER;
  private long expected;
  private long number = -1;
  private int length;
  private long damagedAt = -1;

  /** Bytes that a CRC was made of so far. */
  private long checkedBytes;

  SegmentScan(DataFile data, long first, int mostRecordBytes, ByteBuffer window) {
    this.data = data;
    this.expected = first;
    this.mostRecordBytes = mostRecordBytes;
    this.window = window.clear().limit(0);
  }

  static ByteBuffer newWindow() {
    return ByteBuffer.allocateDirect(WINDOW);
  }

  /**
   * Moves to the next whole record that ends at or before {@code limit} and whose number is below
   * {@code stop}.
   *
   * @return false if there is none; {@link #damagedAt} then tells whether bytes are left over
   */
  boolean next(long limit, long stop) throws IOException {
    damagedAt = -1;
    if (position >= limit) {
      return false;
    }
    long at = position;
    if (!recordAt(at, limit, stop)) {
      damagedAt = at;
      at = findBehind(at, limit, stop);
      if (at < 0) {
        return false;
      }
    } else if (number != expected) {
      damagedAt = at;
    }
    position = at + SegmentFormat.RECORD_HEADER + length;
    expected = number + 1;
    return true;
  }

  /** Number of the record that {@link #next} found. */
  long number() {
    return number;
  }

  /** The number that a record at {@link #position} must have if nothing is damaged. */
  long expected() {
    return expected;
  }

  /** Behind the last whole record, in bytes. */
  long position() {
    return position;
  }

  /** Where the damage begins that the last {@link #next} met, -1 if it met none. */
  long damagedAt() {
    return damagedAt;
  }

  /** The record's bytes, good until the next call. */
  ByteBuffer payload() {
    int start = (int) (position - length - windowStart);
    return window.slice(start, length).asReadOnlyBuffer();
  }

  /** Takes the window back for another scan. */
  ByteBuffer window() {
    return window;
  }

  private boolean recordAt(long at, long limit, long stop) throws IOException {
    if (!load(at, SegmentFormat.RECORD_HEADER, limit)) {
      return false;
    }
    int start = (int) (at - windowStart);
    int claimed = window.getInt(start + 4);
    long numbered = window.getLong(start + 8);
    if (claimed < 1 || claimed > mostRecordBytes || numbered < expected || numbered >= stop) {
      return false;
    }
    int whole = SegmentFormat.RECORD_HEADER + claimed;
    if (!load(at, whole, limit)) {
      return false;
    }
    start = (int) (at - windowStart);
    checkedBytes += whole;
    crc.reset();
    crc.update(window.duplicate().limit(start + whole).position(start + 4));
    if (window.getInt(start) != (int) crc.getValue()) {
      return false;
    }
    number = numbered;
    length = claimed;
    return true;
  }

  private long findBehind(long bad, long limit, long stop) throws IOException {
    // Bounds the work where damaged bytes look like large records again and again.
    long most = checkedBytes + 8 * (limit - bad) + (1 << 20);
    for (long at = bad + 1; at < limit && checkedBytes < most; at++) {
      if (recordAt(at, limit, stop)) {
        return at;
      }
    }
    return -1;
  }

  /** Makes the window hold {@code count} bytes from {@code at}; false if they end behind limit. */
  private boolean load(long at, int count, long limit) throws IOException {
    if (at + count > limit) {
      return false;
    }
    if (at >= windowStart && at + count <= windowStart + window.limit()) {
      return true;
    }
    if (count > window.capacity()) {
      window = ByteBuffer.allocateDirect(Math.max(count, 2 * window.capacity()));
    }
    window.clear().limit((int) Math.min(window.capacity(), limit - at));
    windowStart = at;
    int read = data.read(window, at);
    window.limit(read).position(0);
    return read >= count;
  }
}
