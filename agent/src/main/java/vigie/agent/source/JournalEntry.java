package vigie.agent.source;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;

/**
 * One entry of the journal: the bytes of the fields that mean something, reused for the next entry.
 * Whoever is given it keeps what it asks for, never the entry. Not safe for several threads.
 */
@SuppressWarnings("EnumOrdinal") // of fields an index, of severities the code
final class JournalEntry {
  private static final JournalField[] FIELDS = JournalField.values();
  private static final Severity[] SEVERITIES = Severity.values();

  private byte[] data = new byte[4096];
  private int length;
  private final int[] starts = new int[FIELDS.length];
  private final int[] ends = new int[FIELDS.length]; // -1: the entry has no such field
  private @Nullable JournalField open;
  private boolean cut;

  JournalEntry() {
    clear();
  }

  void clear() {
    length = 0;
    open = null;
    cut = false;
    Arrays.fill(ends, -1);
  }

  /** Begins a field; false where it is there already: the first one holds. */
  boolean begin(JournalField field) {
    if (has(field)) {
      return false;
    }
    open = field;
    starts[field.ordinal()] = length;
    ends[field.ordinal()] = length;
    return true;
  }

  /** Adds to the field begun last what there is room for. */
  void append(byte[] from, int offset, int count) {
    JournalField field = open;
    if (field == null) {
      return;
    }
    int room = field.most() - (length - starts[field.ordinal()]);
    int taken = Math.min(count, room);
    cut |= taken < count;
    if (length + taken > data.length) {
      data = Arrays.copyOf(data, Math.max(data.length * 2, length + taken));
    }
    System.arraycopy(from, offset, data, length, taken);
    length += taken;
    ends[field.ordinal()] = length;
  }

  /** Whether something of it had to be cut. */
  boolean isCut() {
    return cut;
  }

  boolean has(JournalField field) {
    return ends[field.ordinal()] >= 0;
  }

  /** {@code ""} where the entry has no such field. */
  String text(JournalField field) {
    int at = field.ordinal();
    return ends[at] <= starts[at] || ends[at] < 0
        ? ""
        : new String(data, starts[at], ends[at] - starts[at], StandardCharsets.UTF_8);
  }

  boolean is(JournalField field, byte[] value) {
    int at = field.ordinal();
    return ends[at] >= 0 && Arrays.equals(data, starts[at], ends[at], value, 0, value.length);
  }

  /** A whole number of at most 18 digits; {@code otherwise} where there is none. */
  long number(JournalField field, long otherwise) {
    int at = field.ordinal();
    int digits = ends[at] - starts[at];
    if (ends[at] < 0 || digits < 1 || digits > 18) {
      return otherwise;
    }
    long number = 0;
    for (int i = starts[at]; i < ends[at]; i++) {
      if (data[i] < '0' || data[i] > '9') {
        return otherwise;
      }
      number = number * 10 + (data[i] - '0');
    }
    return number;
  }

  /** When journald took it; {@code now} where it does not say. */
  Instant time(Instant now) {
    long micros = number(JournalField.REALTIME, -1);
    return micros < 0 ? now : Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  /** The boot that it was logged in, from its cursor; {@code ""} where that does not say. */
  String boot() {
    String cursor = text(JournalField.CURSOR);
    int at = cursor.indexOf(";b=");
    int end = cursor.indexOf(';', at + 1);
    return at < 0 || end < 0 ? "" : cursor.substring(at + 3, end);
  }

  Severity severity() {
    long code = number(JournalField.PRIORITY, Severity.INFORMATIONAL.ordinal());
    return code < SEVERITIES.length ? SEVERITIES[(int) code] : Severity.INFORMATIONAL;
  }

  /** The system's unit that logged it, else the user's; {@code ""} for none. */
  String unit() {
    String user = text(JournalField.SYSTEMD_USER_UNIT);
    return user.isEmpty() ? text(JournalField.SYSTEMD_UNIT) : user;
  }

  String identifier() {
    String given = text(JournalField.IDENTIFIER);
    return given.isEmpty() ? text(JournalField.COMM) : given;
  }

  /** The message without line ends behind it. */
  String message() {
    String text = text(JournalField.MESSAGE);
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == '\n' || text.charAt(end - 1) == '\r')) {
      end--;
    }
    return text.substring(0, end);
  }

  /** Where the journal goes on behind this entry; null where it does not say. */
  @Nullable Place place() {
    String cursor = text(JournalField.CURSOR);
    return cursor.isEmpty() ? null : new Place(JournalSource.NAME, cursor);
  }
}
