package vigie.base.syslog;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the byte stream of one TCP or TLS connection into records. How it is framed is decided once,
 * by its first bytes:
 *
 * <pre>
 * 1 to 7 digits, the first not 0, a space, "&lt;"   octet counting (RFC 6587, section 3.4.1):
 *                                             COUNT SP COUNT-BYTES; LF, CR, NUL between frames
 *                                             are skipped, later frames need no "&lt;"
 * anything else                               lines, each ended by LF, the last also by the end
 * </pre>
 *
 * A later line that looks like a count is text: otherwise anybody whose text gets logged could
 * swallow records. Keeps no bytes: what is not yet a whole record stays in the caller's buffer, at
 * most the limit of a record. Not safe for several threads.
 */
public final class SyslogFramer {
  private static final int MOST_DIGITS = 7;

  private enum Mode {
    UNDECIDED,
    LINES,
    COUNTED
  }

  private final int recordBytes;
  private final int declaredBytes;
  private Mode mode = Mode.UNDECIDED;

  /** Of a line: how many of the bytes before the reader have no LF. Of a frame: its count. */
  private int scanned;

  private int count = -1;

  /** Whether what follows, up to LF, belongs to a record that was cut. */
  private boolean skippingLine;

  /** The first bytes of a frame of which so many are still to be skipped. */
  private byte @Nullable [] kept;

  private int skip;
  private boolean cut;

  /**
   * @param recordBytes what is longer is cut there, and the rest of the line or frame skipped
   * @param declaredBytes a larger count is a fault
   */
  public SyslogFramer(int recordBytes, int declaredBytes) {
    this.recordBytes = recordBytes;
    this.declaredBytes = declaredBytes;
  }

  /** Whether octet counting was found. */
  public boolean isCounted() {
    return mode == Mode.COUNTED;
  }

  /** Whether the record that {@link #next} gave last was longer than the limit. */
  public boolean wasCut() {
    return cut;
  }

  /** Whether part of a record has been taken out of the buffer already. */
  public boolean isWithin() {
    return count >= 0 || skippingLine || kept != null;
  }

  /**
   * Takes the next record out of the buffer into an array of its own.
   *
   * @param ended whether no more bytes will come: the last line then counts without its LF, and a
   *     frame that is not whole is dropped
   * @return null if more bytes are needed; may be empty, and has its trailing CR or LF
   * @throws SyslogFault if octet counting is broken, which has no way back
   */
  public byte @Nullable [] next(ByteBuf in, boolean ended) {
    SyslogFrames one = new SyslogFrames();
    return next(in, ended, one) ? one.only() : null;
  }

  /**
   * The same for whoever takes many: behind those that are in {@code to} already.
   *
   * @return false if more bytes are needed
   */
  public boolean next(ByteBuf in, boolean ended, SyslogFrames to) {
    if (mode == Mode.UNDECIDED && !decide(in, ended)) {
      return false;
    }
    if (mode == Mode.COUNTED) {
      return frame(in, to);
    }
    cut = false;
    return line(in, ended, to);
  }

  /** Looks at up to 9 bytes; false if these may still become either. */
  private boolean decide(ByteBuf in, boolean ended) {
    int from = in.readerIndex();
    int have = in.readableBytes();
    int digits = 0;
    while (digits < have && digits <= MOST_DIGITS && isDigit(in.getByte(from + digits))) {
      digits++;
    }
    boolean counted = digits > 0 && digits <= MOST_DIGITS && in.getByte(from) != '0';
    if (digits == have || (counted && digits + 1 == have && in.getByte(from + digits) == ' ')) {
      if (!ended && (digits == 0 || counted)) {
        return false;
      }
      mode = Mode.LINES;
      return have > 0;
    }
    mode =
        counted && in.getByte(from + digits) == ' ' && in.getByte(from + digits + 1) == '<'
            ? Mode.COUNTED
            : Mode.LINES;
    return true;
  }

  private boolean line(ByteBuf in, boolean ended, SyslogFrames to) {
    if (skippingLine && !skipLine(in)) {
      return false;
    }
    int from = in.readerIndex();
    int have = in.readableBytes();
    int end = in.indexOf(from + scanned, from + Math.min(have, recordBytes + 1), (byte) '\n');
    if (end >= 0) {
      scanned = 0;
      to.add(in, end - from, false);
      in.skipBytes(1);
      return true;
    }
    if (have > recordBytes) {
      scanned = 0;
      cut = true;
      skippingLine = true;
      to.add(in, recordBytes, true);
      skipLine(in);
      return true;
    }
    scanned = have;
    if (!ended || have == 0) {
      return false;
    }
    scanned = 0;
    to.add(in, have, false);
    return true;
  }

  /** Whether the end of the line that was cut has come. */
  private boolean skipLine(ByteBuf in) {
    int end = in.indexOf(in.readerIndex(), in.writerIndex(), (byte) '\n');
    in.skipBytes(end < 0 ? in.readableBytes() : end + 1 - in.readerIndex());
    skippingLine = end < 0;
    return end >= 0;
  }

  private boolean frame(ByteBuf in, SyslogFrames to) {
    if (kept == null) {
      if (count < 0 && !readCount(in)) {
        return false;
      }
      int length = Math.min(count, recordBytes);
      if (in.readableBytes() < length) {
        return false;
      }
      skip = count - length;
      cut = skip > 0;
      count = -1;
      if (!cut) {
        to.add(in, length, false);
        return true;
      }
      kept = new byte[length];
      in.readBytes(kept);
    }
    // Given only once all of it is here: a frame that the end of the stream cuts is no record.
    int skipped = Math.min(skip, in.readableBytes());
    in.skipBytes(skipped);
    skip -= skipped;
    if (skip > 0) {
      return false;
    }
    to.add(kept, true);
    kept = null;
    return true;
  }

  /** Reads {@code COUNT SP} into {@link #count}; false if more bytes are needed. */
  private boolean readCount(ByteBuf in) {
    while (in.isReadable() && isFiller(in.getByte(in.readerIndex()))) {
      in.skipBytes(1);
    }
    int from = in.readerIndex();
    int have = Math.min(in.readableBytes(), MOST_DIGITS + 1);
    int value = 0;
    int digits = 0;
    while (digits < have && isDigit(in.getByte(from + digits))) {
      value = value * 10 + in.getByte(from + digits) - '0';
      digits++;
    }
    if (have > 0 && (digits == 0 || in.getByte(from) == '0')) {
      throw noCount();
    }
    if (digits > MOST_DIGITS || value > declaredBytes) {
      throw new SyslogFault("length", "a count is over the limit of " + declaredBytes);
    }
    if (digits == have) {
      return false;
    }
    if (in.getByte(from + digits) != ' ') {
      throw noCount();
    }
    count = value;
    in.skipBytes(digits + 1);
    return true;
  }

  private static SyslogFault noCount() {
    return new SyslogFault("count", "a frame does not begin with a count and a space");
  }

  private static boolean isFiller(byte b) {
    return b == '\n' || b == '\r' || b == 0;
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }
}
