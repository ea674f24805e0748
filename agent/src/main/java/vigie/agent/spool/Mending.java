package vigie.agent.spool;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import vigie.base.syslog.SyslogWriter;

/**
 * Puts the time of an event right that was stamped by a clock which was wrong: its record of RFC
 * 5424 gets the right one and says in {@code was} what it had.
 */
final class Mending {
  private static final byte[] BOOT = " boot=\"".getBytes(StandardCharsets.US_ASCII);

  private Mending() {}

  /**
   * @param record as {@link EventWriter} made it
   * @param boot the boot in which the clock was stepped
   * @param stepMillis by how much it was
   * @return the mended record; the same where it is of another boot or has no time
   */
  static byte[] mend(byte[] record, String boot, long stepMillis) {
    int from = indexOf(record, ' ', 0) + 1;
    int to = indexOf(record, ' ', from);
    int at = bootAt(record);
    byte[] id = (boot + "\"").getBytes(StandardCharsets.UTF_8);
    if (to < 0
        || at < 0
        || boot.isEmpty()
        || !Arrays.equals(record, at, Math.min(record.length, at + id.length), id, 0, id.length)) {
      return record;
    }
    String was = new String(record, from, to - from, StandardCharsets.US_ASCII);
    String right;
    try {
      Instant time = OffsetDateTime.parse(was).toInstant();
      right = SyslogWriter.time(time.plusMillis(stepMillis));
    } catch (DateTimeParseException nil) {
      return record;
    }
    String said = " was=\"" + was + "\"";
    int behind = at + id.length;
    if (record.length + said.length() > SyslogWriter.MAX_RECORD) {
      said = "";
    }
    StringBuilder head = new StringBuilder(behind + said.length());
    head.append(new String(record, 0, from, StandardCharsets.ISO_8859_1))
        .append(right)
        .append(new String(record, to, behind - to, StandardCharsets.ISO_8859_1))
        .append(said);
    byte[] start = head.toString().getBytes(StandardCharsets.ISO_8859_1);
    byte[] mended = Arrays.copyOf(start, start.length + record.length - behind);
    System.arraycopy(record, behind, mended, start.length, record.length - behind);
    return mended;
  }

  /** Where the boot id begins: the first parameter of that name, before those of the event. */
  private static int bootAt(byte[] record) {
    for (int i = 0; i + BOOT.length <= record.length; i++) {
      if (Arrays.equals(record, i, i + BOOT.length, BOOT, 0, BOOT.length)) {
        return i + BOOT.length;
      }
    }
    return -1;
  }

  private static int indexOf(byte[] record, char c, int from) {
    for (int i = from; i < record.length; i++) {
      if (record[i] == c) {
        return i;
      }
    }
    return -1;
  }
}
