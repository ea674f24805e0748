package vigie.agent.spool;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import vigie.base.syslog.SyslogWriter;

/**
 * An event in the spool, ready for the wire.
 *
 * @param seq its number; grows by one from event to event, with holes where events were lost
 * @param data the RFC 5424 record; belongs to the receiver
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SpoolRecord(long seq, byte[] data) {
  private static final byte[] ELEMENT = "[vigie@32473".getBytes(StandardCharsets.US_ASCII);

  /** Its data with one more parameter; the same where there is no room for it. */
  public byte[] with(String name, long value) {
    byte[] more = (" " + name + "=\"" + value + "\"").getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i + ELEMENT.length <= data.length; i++) {
      if (Arrays.equals(data, i, i + ELEMENT.length, ELEMENT, 0, ELEMENT.length)
          && data.length + more.length <= SyslogWriter.MAX_RECORD) {
        int at = i + ELEMENT.length;
        byte[] all = Arrays.copyOf(data, data.length + more.length);
        System.arraycopy(more, 0, all, at, more.length);
        System.arraycopy(data, at, all, at + more.length, data.length - at);
        return all;
      }
    }
    return data;
  }
}
