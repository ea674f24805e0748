package vigie.base.relp;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** {@link RelpFrame}s to bytes, written behind each other into a buffer that is sent as one. */
public final class RelpEncoder {
  /** The most bytes that a frame needs besides its DATA. */
  public static final int OVERHEAD = 9 + 1 + 32 + 1 + 9 + 1 + 1;

  private static final byte[] SYSLOG = ascii(" syslog ");
  private static final byte[] OK = ascii(" rsp 6 200 OK\n");
  private static final byte[] SERVERCLOSE = ascii("0 serverclose 0\n");

  private final byte[] digits = new byte[10];

  /** A frame of any command, with or without DATA. */
  public void frame(ByteBuf out, int txnr, String command, byte[] data) {
    number(out, txnr);
    out.writeByte(' ');
    out.writeCharSequence(command, StandardCharsets.US_ASCII);
    out.writeByte(' ');
    dataAndEnd(out, data);
  }

  /** One record. */
  public void syslog(ByteBuf out, int txnr, byte[] record) {
    number(out, txnr);
    out.writeBytes(SYSLOG);
    dataAndEnd(out, record);
  }

  /** The good answer to a record. */
  public void ok(ByteBuf out, int txnr) {
    number(out, txnr);
    out.writeBytes(OK);
  }

  /** The hint that this end closes. */
  public void serverClose(ByteBuf out) {
    out.writeBytes(SERVERCLOSE);
  }

  private void dataAndEnd(ByteBuf out, byte[] data) {
    number(out, data.length);
    if (data.length > 0) {
      out.writeByte(' ');
      out.writeBytes(data);
    }
    out.writeByte('\n');
  }

  private void number(ByteBuf out, int value) {
    int at = digits.length;
    int rest = value;
    do {
      digits[--at] = (byte) ('0' + rest % 10);
      rest /= 10;
    } while (rest > 0);
    out.writeBytes(digits, at, digits.length - at);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
