package vigie.base.syslog;

import java.nio.charset.StandardCharsets;

/**
 * A walk over STRUCTURED-DATA, RFC 5424 section 6.3: {@code [id name="value" …][id …]…}. {@link
 * #check} says where it ends; only what it accepted may be walked.
 */
final class StructuredData {
  private final byte[] bytes;
  private final int end;
  private int at;

  /** The name read last: of an element or a parameter. */
  int nameStart;

  int nameEnd;
  private int valueStart;
  private int valueEnd;
  private boolean escaped;
  private boolean broken;

  StructuredData(byte[] bytes, int start, int end) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /**
   * Where the structured data ends that begins with the {@code [} at {@code start}: behind the last
   * {@code ]}, which a space or {@code limit} follows.
   *
   * @return -1 if it is broken
   */
  static int check(byte[] bytes, int start, int limit) {
    StructuredData walk = new StructuredData(bytes, start, limit);
    while (walk.at < limit && bytes[walk.at] == '[') {
      if (!walk.nextElement()) {
        return -1;
      }
      while (walk.nextParam()) {
        // only its shape matters here
      }
      if (walk.broken || walk.at >= limit || bytes[walk.at] != ']') {
        return -1;
      }
      walk.at++;
    }
    return walk.at == limit || bytes[walk.at] == ' ' ? walk.at : -1;
  }

  /** Steps into the next element, over what is left of the present one. */
  boolean nextElement() {
    while (nextParam()) {
      // an element that nobody wanted to the end
    }
    if (at < end && bytes[at] == ']') {
      at++;
    }
    return at < end && bytes[at] == '[' && name(at + 1);
  }

  /** Steps to the next parameter of the element; false, in front of the {@code ]}, at its end. */
  boolean nextParam() {
    if (at >= end || bytes[at] != ' ') {
      return false;
    }
    while (at < end && bytes[at] == ' ') {
      at++;
    }
    if (at < end && bytes[at] == ']') {
      return false;
    }
    broken = !param();
    return !broken;
  }

  private boolean param() {
    if (!name(at) || at + 1 >= end || bytes[at] != '=' || bytes[at + 1] != '"') {
      return false;
    }
    escaped = false;
    valueStart = at + 2;
    int i = valueStart;
    while (i < end && bytes[i] != '"') {
      if (isEscape(i)) {
        escaped = true;
        i++;
      }
      i++;
    }
    valueEnd = i;
    at = i + 1;
    return at < end && (bytes[at] == ' ' || bytes[at] == ']');
  }

  /** The value of the parameter stepped to, without its escapes. */
  String value() {
    if (!escaped) {
      return new String(bytes, valueStart, valueEnd - valueStart, StandardCharsets.UTF_8);
    }
    byte[] plain = new byte[valueEnd - valueStart];
    int length = 0;
    for (int i = valueStart; i < valueEnd; i++) {
      if (isEscape(i)) {
        i++;
      }
      plain[length++] = bytes[i];
    }
    return new String(plain, 0, length, StandardCharsets.UTF_8);
  }

  /**
   * Backslash before {@code "}, {@code \} or {@code ]}; before anything else it stands for itself.
   */
  private boolean isEscape(int i) {
    return bytes[i] == '\\'
        && i + 1 < end
        && (bytes[i + 1] == '"' || bytes[i + 1] == '\\' || bytes[i + 1] == ']');
  }

  /** Reads a non-empty name from {@code start} and stands behind it. */
  private boolean name(int start) {
    int i = start;
    while (i < end && bytes[i] != ' ' && bytes[i] != ']' && bytes[i] != '=' && bytes[i] != '"') {
      i++;
    }
    nameStart = start;
    nameEnd = i;
    at = i;
    return i > start && i < end;
  }
}
