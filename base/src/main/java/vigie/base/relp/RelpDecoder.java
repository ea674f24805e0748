package vigie.base.relp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Bytes to {@link RelpFrame}s, as they arrive:
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
 * DATA is gathered in a buffer that grows with what has arrived, never by what was declared. There
 * is no way back into step after a fault: it is thrown once as {@link RelpFault}, behind the frames
 * that came before it, and everything after it is dropped.
 */
public final class RelpDecoder extends ByteToMessageDecoder {
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

  // The frame whose header has been read; length is -1 while none is.
  private int txnr;
  private String command = "";
  private int length = -1;
  private byte[] kept = NO_DATA;
  private int skip;

  private boolean failed;

  public RelpDecoder(RelpLimits limits) {
    this.limits = limits;
  }

  /** Whether a frame has begun and not ended. Only on the channel's event loop. */
  public boolean isWithinFrame() {
    return length >= 0 || actualReadableBytes() > 0;
  }

  /** Bytes of a frame that is not whole yet. Only on the channel's event loop. */
  public int heldBytes() {
    return actualReadableBytes() + kept.length;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (failed) {
      in.skipBytes(in.readableBytes());
      return;
    }
    try {
      while ((length >= 0 || readHeader(in)) && readData(in)) {
        out.add(new RelpFrame(txnr, command, kept, length));
        length = -1;
        kept = NO_DATA;
      }
    } catch (RelpFault fault) {
      failed = true;
      in.skipBytes(in.readableBytes());
      throw fault;
    }
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
    in.skipBytes(number == 0 ? at : at + 1); // the LF is readData's
    return true;
  }

  /** Reads DATA and LF into {@link #kept}; false: more is needed. */
  private boolean readData(ByteBuf in) {
    if (kept.length == 0 && length > 0) {
      int limit = RelpFrame.OPEN.equals(command) ? limits.openBytes() : limits.recordBytes();
      if (in.readableBytes() < Math.min(length, limit)) {
        return false;
      }
      kept = new byte[Math.min(length, limit)];
      in.readBytes(kept);
      skip = length - kept.length;
    }
    if (skip > 0) {
      int skipped = Math.min(skip, in.readableBytes());
      in.skipBytes(skipped);
      skip -= skipped;
    }
    if (!in.isReadable()) {
      return false;
    }
    byte trailer = in.readByte();
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
