package vigie.base.syslog;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Records cut out of a stream, one behind the other in one array, so that none is an object of its
 * own. To be filled again after {@link #clear}, which keeps the arrays. Not safe for several
 * threads.
 */
public final class SyslogFrames {
  private static final byte[] NOTHING = {};

  private byte[] bytes = NOTHING;
  private int[] ends = {};
  private final BitSet cut = new BitSet();
  private int count;

  /**
   * Takes a record's bytes out of the buffer. An empty one is left out.
   *
   * @param isCut whether it was longer than what is given
   */
  public void add(ByteBuf in, int length, boolean isCut) {
    int at = length();
    in.readBytes(room(length), at, length);
    end(at + length, isCut);
  }

  void add(byte[] record, boolean isCut) {
    int at = length();
    System.arraycopy(record, 0, room(record.length), at, record.length);
    end(at + record.length, isCut);
  }

  private byte[] room(int more) {
    int needed = length() + more;
    if (needed > bytes.length) {
      // The first one gets just its size: often there is no second.
      bytes = count == 0 ? new byte[needed] : Arrays.copyOf(bytes, 2 * needed);
    }
    return bytes;
  }

  private void end(int end, boolean isCut) {
    if (end == length()) {
      return;
    }
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, Math.max(1, 2 * count));
    }
    cut.set(count, isCut);
    ends[count++] = end;
  }

  public int count() {
    return count;
  }

  /** The bytes of all records together. */
  public int length() {
    return count == 0 ? 0 : ends[count - 1];
  }

  /** How many bytes have room without a larger array. */
  public int capacity() {
    return bytes.length;
  }

  /** What the records lie in, with more behind them. */
  public byte[] bytes() {
    return bytes;
  }

  /** Where the record begins. */
  public int start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  /** Behind its last byte. */
  public int end(int index) {
    return ends[index];
  }

  /** Whether it was longer than what is here. */
  public boolean isCut(int index) {
    return cut.get(index);
  }

  /** The only record, without a copy of it where it is all that the array was ever used for. */
  byte[] only() {
    return count == 0 ? NOTHING : bytes.length == ends[0] ? bytes : Arrays.copyOf(bytes, ends[0]);
  }

  public void clear() {
    count = 0;
  }
}
