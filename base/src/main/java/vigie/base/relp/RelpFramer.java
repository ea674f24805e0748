package vigie.base.relp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * Cuts the byte stream of one connection into frames:
 *
 * <pre>
 * TXNR     1 to 9 digits
 * SP
 * COMMAND  1 to 32 ASCII letters
 * SP
 * DATALEN  1 to 9 digits; 0 is followed by LF at once
 * [SP DATA]
 * LF
 * </pre>
 *
 * DATA stays in the caller's buffer, which grows with what has arrived, never by what was declared;
 * only of a frame over the limit is the beginning kept here. There is no way back into step after a
 * {@link RelpFault}. Not safe for several threads.
 */
public final class RelpFramer {
  private static final int MAX_DIGITS = 9;
  private static final int MAX_COMMAND = 32;
  private static final int MAX_HEADER = MAX_DIGITS + 1 + MAX_COMMAND + 1 + MAX_DIGITS + 1;
  private static final byte[] NO_DATA = {};
  private static final String[] KNOWN = {
    RelpFrame.SYSLOG, RelpFrame.RSP, RelpFrame.OPEN, RelpFrame.CLOSE, RelpFrame.SERVERCLOSE
  };

  private final RelpLimits limits;
  private final byte[] header = new byte[MAX_HEADER];

  // Reading a header: where in it we are and what number was read last.
  private int at;
  private int have;
  private int number;

  // The frame whose header was read last.
  private boolean within;
  private int txnr;
  private String command = "";
  private int length;
  private byte[] kept = NO_DATA;
  private int skip;

  /** Takes what was kept of DATA. */
  public interface Taker {
    /**
     * Takes it out of the buffer.
     *
     * @param length how much it is
     * @param isCut whether it was more
     */
    void take(ByteBuf in, int length, boolean isCut);
  }

  public RelpFramer(RelpLimits limits) {
    this.limits = limits;
  }

  /** Whether a frame's header was read and its DATA not taken yet. */
  public boolean isWithin() {
    return within;
  }

  /** Bytes of a frame that are no longer in the caller's buffer. */
  public int heldBytes() {
    return kept.length;
  }

  /**
   * Goes on to the next frame, whose DATA is then to be taken with {@link #data}.
   *
   * @return false if more bytes are needed
   * @throws RelpFault once; what comes behind it is to be dropped
   */
  public boolean next(ByteBuf in) {
    return (within || readHeader(in)) && isWhole(in);
  }

  /** 0 to 999,999,999. */
  public int txnr() {
    return txnr;
  }

  /** One of {@link RelpFrame}'s constants where it is known, so that {@code ==} would do. */
  public String command() {
    return command;
  }

  /** DATALEN. */
  public int length() {
    return length;
  }

  /** Takes DATA out of the buffer that {@link #next} has seen. */
  public void data(ByteBuf in, Taker taker) {
    boolean isCut = length > kept(length);
    if (isCut) {
      taker.take(Unpooled.wrappedBuffer(kept), kept.length, true);
    } else {
      taker.take(in, length, false);
    }
    in.skipBytes(1);
    kept = NO_DATA;
    within = false;
  }

  /** The same as an array of its own. */
  public byte[] data(ByteBuf in) {
    byte[] data = length == 0 ? NO_DATA : new byte[kept(length)];
    data(in, (from, size, isCut) -> from.readBytes(data, 0, size));
    return data;
  }

  private int kept(int declared) {
    return Math.min(
        declared, RelpFrame.OPEN.equals(command) ? limits.openBytes() : limits.recordBytes());
  }

  /** Reads up to where DATA begins, or up to the LF where there is none; false: more is needed. */
  private boolean readHeader(ByteBuf in) {
    have = Math.min(in.readableBytes(), MAX_HEADER);
    in.getBytes(in.readerIndex(), header, 0, have);
    at = 0;
    if (!readNumber()) {
      return false;
    }
    txnr = number;
    if (!readSpace()) {
      return false;
    }
    int from = at;
    if (!readLetters()) {
      return false;
    }
    int to = at;
    if (!readSpace() || !readNumber() || at == have) {
      return false;
    }
    if (header[at] != (number == 0 ? '\n' : ' ')) {
      throw new RelpFault("header", "DATALEN " + number + " is followed by " + shown(header[at]));
    }
    if (number > limits.declaredBytes()) {
      throw new RelpFault(
          "length", "DATALEN " + number + " is over the limit of " + limits.declaredBytes());
    }
    command = command(from, to);
    length = number;
    within = true;
    in.skipBytes(number == 0 ? at : at + 1); // the LF is isWhole's
    return true;
  }

  /** Whether DATA and LF are there; of too much DATA takes out all that is before the LF. */
  private boolean isWhole(ByteBuf in) {
    int left = length;
    if (length > kept(length)) {
      left = 0;
      if (kept.length == 0) {
        int limit = kept(length);
        if (in.readableBytes() < limit) {
          return false;
        }
        kept = new byte[limit];
        in.readBytes(kept);
        skip = length - limit;
      }
      int skipped = Math.min(skip, in.readableBytes());
      in.skipBytes(skipped);
      skip -= skipped;
    }
    if (skip > 0 || in.readableBytes() <= left) {
      return false;
    }
    byte trailer = in.getByte(in.readerIndex() + left);
    if (trailer != '\n') {
      throw new RelpFault("trailer", "DATA is followed by " + shown(trailer) + " instead of LF");
    }
    return true;
  }

  private boolean readNumber() {
    number = 0;
    int from = at;
    for (; at < have && header[at] >= '0' && header[at] <= '9'; at++) {
      if (at - from == MAX_DIGITS) {
        throw new RelpFault("header", "a number has more than 9 digits");
      }
      number = number * 10 + header[at] - '0';
    }
    if (at == from && at < have) {
      throw new RelpFault("header", "a number was expected, not " + shown(header[at]));
    }
    return at > from;
  }

  private boolean readLetters() {
    int from = at;
    for (; at < have && isLetter(header[at]); at++) {
      if (at - from == MAX_COMMAND) {
        throw new RelpFault("header", "the command has more than 32 letters");
      }
    }
    if (at == from && at < have) {
      throw new RelpFault("header", "a command was expected, not " + shown(header[at]));
    }
    return at > from;
  }

  private boolean readSpace() {
    if (at == have) {
      return false;
    }
    if (header[at] != ' ') {
      throw new RelpFault("header", "a space was expected, not " + shown(header[at]));
    }
    at++;
    return true;
  }

  private String command(int from, int to) {
    for (String known : KNOWN) {
      if (known.length() == to - from && equals(known, from)) {
        return known;
      }
    }
    return new String(header, from, to - from, StandardCharsets.US_ASCII);
  }

  private boolean equals(String known, int from) {
    for (int i = 0; i < known.length(); i++) {
      if (header[from + i] != known.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetter(byte b) {
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
  }

  private static String shown(byte b) {
    return b > ' ' && b < 127 ? "\"" + (char) b + "\"" : "byte " + (b & 0xff);
  }
}
