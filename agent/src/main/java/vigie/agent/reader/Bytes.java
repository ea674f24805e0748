package vigie.agent.reader;

/**
 * A cursor over the text of a kernel file: lines of fields parted by spaces or tabs. Nothing is
 * allocated but names seen for the first time. What cannot be read is NaN or empty, never an
 * exception: a kernel newer or older than this code loses a value, not the scrape.
 */
final class Bytes {
  private static final int MAX_NUMBER = 40;

  /** The largest number that another digit may fit behind, and that digit's limit: 2⁶⁴-1. */
  private static final long MAX_TENTH = 1_844_674_407_370_955_161L;

  private static final int MAX_LAST_DIGIT = 5;
  private static final int MAX_HEX_DIGITS = 15;
  private static final double[] POWERS = {1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

  private final Names names = new Names();
  byte[] data;
  private int end;
  private int nextLine;
  private int lineEnd;
  private int at;
  private int from;
  private int to;

  Bytes(int capacity) {
    data = new byte[capacity];
  }

  /** Starts over; what is in {@link #data} up to {@code length} is the text. */
  void reset(int length) {
    end = length;
    nextLine = 0;
    lineEnd = 0;
    at = 0;
    from = 0;
    to = 0;
  }

  int length() {
    return end;
  }

  /** Goes to the next line; false when there is none. */
  boolean line() {
    if (nextLine >= end) {
      return false;
    }
    at = nextLine;
    lineEnd = at;
    while (lineEnd < end && data[lineEnd] != '\n') {
      lineEnd++;
    }
    nextLine = lineEnd + 1;
    return true;
  }

  /** Takes the next field of the line; false when there is none. */
  boolean field() {
    while (at < lineEnd && isSpace(data[at])) {
      at++;
    }
    from = at;
    while (at < lineEnd && !isSpace(data[at])) {
      at++;
    }
    to = at;
    return to > from;
  }

  /** Takes the field after {@code skipped} others; false when there are fewer. */
  boolean fieldAfter(int skipped) {
    for (int i = 0; i < skipped; i++) {
      if (!field()) {
        return false;
      }
    }
    return field();
  }

  /** Takes what stands before {@code separator}, or before its last occurrence in the line. */
  boolean fieldBefore(char separator, boolean last) {
    while (at < lineEnd && isSpace(data[at])) {
      at++;
    }
    int found = -1;
    for (int i = at; i < lineEnd && (last || found < 0); i++) {
      if (data[i] == separator) {
        found = i;
      }
    }
    if (found < 0) {
      return false;
    }
    from = at;
    to = found;
    at = found + 1;
    return true;
  }

  /** Takes the rest of the line, without spaces at either end. */
  boolean rest() {
    while (at < lineEnd && isSpace(data[at])) {
      at++;
    }
    from = at;
    to = lineEnd;
    while (to > from && isSpace(data[to - 1])) {
      to--;
    }
    at = lineEnd;
    return to > from;
  }

  /** The taken field; the same String for the same text. */
  String text() {
    return names.of(data, from, to);
  }

  /** Whether the taken field is {@code ascii}. */
  boolean is(String ascii) {
    return to - from == ascii.length() && startsWith(ascii);
  }

  boolean startsWith(String ascii) {
    if (to - from < ascii.length()) {
      return false;
    }
    for (int i = 0; i < ascii.length(); i++) {
      if (data[from + i] != ascii.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** The digits of the taken field after its first {@code skip} bytes, or -1. At most 9 digits. */
  int digitsAfter(int skip) {
    int start = from + skip;
    if (to - start < 1 || to - start > 9) {
      return -1;
    }
    int value = 0;
    for (int i = start; i < to; i++) {
      int digit = data[i] - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value;
  }

  /** The next field as a number of 0 or more; NaN when missing, negative or no number. */
  double number() {
    return field() ? parse(from, to) : Double.NaN;
  }

  /** The taken field as a number of 0 or more; NaN when it is none. */
  double takenNumber() {
    return parse(from, to);
  }

  /** The next field as a number, which may be negative; NaN when missing or no number. */
  double signed() {
    return field() ? takenSigned() : Double.NaN;
  }

  /** The same, or in hexadecimal after {@code 0x}. */
  double signedOrHexadecimal() {
    if (!field()) {
      return Double.NaN;
    }
    if (startsWith("0x")) {
      from += 2;
      return takenHex();
    }
    return takenSigned();
  }

  private double takenSigned() {
    return data[from] == '-' ? -parse(from + 1, to) : parse(from, to);
  }

  /** The next field as a number written in hexadecimal after {@code 0x}; NaN when it is not. */
  double hexadecimal() {
    if (!field() || !startsWith("0x")) {
      return Double.NaN;
    }
    from += 2;
    return takenHex();
  }

  /** The next field as hexadecimal digits without a prefix; NaN when missing or no such number. */
  double hex() {
    return field() ? takenHex() : Double.NaN;
  }

  /** The taken field as hexadecimal digits without a prefix, at most 15; NaN when it is not. */
  double takenHex() {
    if (to <= from || to - from > MAX_HEX_DIGITS) {
      return Double.NaN;
    }
    long value = 0;
    for (int i = from; i < to; i++) {
      int digit = Character.digit(data[i], 16);
      if (digit < 0) {
        return Double.NaN;
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private double parse(int start, int stop) {
    if (stop <= start || stop - start > MAX_NUMBER) {
      return Double.NaN;
    }
    long exact = 0; // unsigned, as the kernel's counters
    double beyond = Double.NaN;
    int digits = 0;
    int fraction = -1;
    for (int i = start; i < stop; i++) {
      int digit = data[i] - '0';
      if (digit >= 0 && digit <= 9) {
        int room = Long.compareUnsigned(exact, MAX_TENTH);
        if (Double.isNaN(beyond) && (room < 0 || (room == 0 && digit <= MAX_LAST_DIGIT))) {
          exact = exact * 10 + digit;
        } else {
          beyond = (Double.isNaN(beyond) ? unsigned(exact) : beyond) * 10 + digit;
        }
        digits++;
        if (fraction >= 0) {
          fraction++;
        }
      } else if (data[i] == '.' && fraction < 0 && digits > 0) {
        fraction = 0;
      } else {
        return Double.NaN;
      }
    }
    double value = Double.isNaN(beyond) ? unsigned(exact) : beyond;
    if (fraction <= 0) {
      return fraction == 0 ? Double.NaN : value;
    }
    return fraction < POWERS.length ? value / POWERS[fraction] : Double.NaN;
  }

  /** The nearest double; the last bit, shifted away, still counts for the rounding. */
  private static double unsigned(long value) {
    return value >= 0 ? (double) value : (value >>> 1 | (value & 1)) * 2.0;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || b == 0;
  }
}
