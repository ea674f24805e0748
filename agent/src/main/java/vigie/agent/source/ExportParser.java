package vigie.agent.source;

import java.util.function.Consumer;

/**
 * Reads the journal's export format as it comes in, whatever the pieces:
 *
 * <pre>
 * NAME=VALUE\n                                     a field whose value is text
 * NAME\n LENGTH(8 bytes, little-endian) VALUE \n   a field with any bytes
 * \n                                               the end of an entry
 * </pre>
 *
 * Fields that mean nothing here cost neither memory nor an object. What is no such format is thrown
 * away up to the next empty line, and counted. Not safe for several threads. Source: systemd's
 * "Journal Export Formats".
 */
final class ExportParser {
  /** What journald itself refuses to take; a larger length is garbage. */
  private static final long MOST_VALUE = 768L << 20;

  private enum State {
    NAME,
    TEXT,
    LENGTH,
    BINARY,
    BINARY_END,
    GARBAGE
  }

  private final Consumer<JournalEntry> entries;
  private final Runnable onGarbage;
  private final JournalEntry entry = new JournalEntry();
  private final byte[] name = new byte[JournalField.LONGEST_NAME];
  private State state = State.NAME;
  private int nameLength;
  private boolean wanted;
  private boolean any; // whether the entry has any field yet
  private long left;
  private int lengthBytes;
  private boolean afterLineEnd; // in garbage

  /**
   * @param entries takes each entry as soon as it is whole
   * @param onGarbage told once for each piece that is thrown away
   */
  ExportParser(Consumer<JournalEntry> entries, Runnable onGarbage) {
    this.entries = entries;
    this.onGarbage = onGarbage;
  }

  /** Takes the next bytes. */
  void feed(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      at =
          switch (state) {
            case NAME -> name(bytes, at, to);
            case TEXT -> text(bytes, at, to);
            case LENGTH -> length(bytes[at], at);
            case BINARY -> binary(bytes, at, to);
            case BINARY_END -> binaryEnd(bytes[at], at);
            case GARBAGE -> garbage(bytes, at, to);
          };
    }
  }

  private int name(byte[] bytes, int from, int to) {
    for (int at = from; at < to; at++) {
      byte b = bytes[at];
      if (b == '=') {
        return nameEnds(State.TEXT, at);
      }
      if (b == '\n') {
        if (nameLength == 0) {
          entryEnds();
          return at + 1;
        }
        left = 0;
        lengthBytes = 0;
        return nameEnds(State.LENGTH, at);
      }
      boolean fits = b == '_' || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
      if (!fits || nameLength == name.length) {
        return garbageBegins(at);
      }
      name[nameLength++] = b;
    }
    return to;
  }

  private int nameEnds(State next, int at) {
    if (nameLength == 0) {
      return garbageBegins(at);
    }
    JournalField field = JournalField.of(name, nameLength);
    wanted = field != null && entry.begin(field);
    any = true;
    nameLength = 0;
    state = next;
    return at + 1;
  }

  private void entryEnds() {
    if (any) {
      any = false;
      entries.accept(entry);
      entry.clear();
    }
  }

  private int text(byte[] bytes, int from, int to) {
    int end = from;
    while (end < to && bytes[end] != '\n') {
      end++;
    }
    if (wanted) {
      entry.append(bytes, from, end - from);
    }
    if (end == to) {
      return to;
    }
    state = State.NAME;
    return end + 1;
  }

  private int length(byte b, int at) {
    left |= (b & 0xffL) << (8 * lengthBytes);
    if (++lengthBytes == Long.BYTES) {
      if (left < 0 || left > MOST_VALUE) {
        return garbageBegins(at + 1);
      }
      state = left == 0 ? State.BINARY_END : State.BINARY;
    }
    return at + 1;
  }

  private int binary(byte[] bytes, int from, int to) {
    int taken = (int) Math.min(left, to - from);
    if (wanted) {
      entry.append(bytes, from, taken);
    }
    left -= taken;
    if (left == 0) {
      state = State.BINARY_END;
    }
    return from + taken;
  }

  private int binaryEnd(byte b, int at) {
    if (b != '\n') {
      return garbageBegins(at);
    }
    state = State.NAME;
    return at + 1;
  }

  private int garbageBegins(int at) {
    onGarbage.run();
    entry.clear();
    any = false;
    nameLength = 0;
    afterLineEnd = false;
    state = State.GARBAGE;
    return at;
  }

  private int garbage(byte[] bytes, int from, int to) {
    for (int at = from; at < to; at++) {
      if (bytes[at] != '\n') {
        afterLineEnd = false;
      } else if (afterLineEnd) {
        state = State.NAME;
        return at + 1;
      } else {
        afterLineEnd = true;
      }
    }
    return to;
  }
}
