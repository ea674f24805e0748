package vigie.base.syslog;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Strings of hosts, programs and the like, which come again and again, so that not each record
 * makes its own. A table in which a newer name takes the place of an older one. Safe for all
 * threads without a lock: strings cannot change, and whoever misses one makes it.
 */
public final class SyslogNames {
  private static final int PLACES = 512;
  private static final int LONGEST = 40;

  private final @Nullable String[] names = new String[PLACES];

  /** The bytes as a string, read as UTF-8. */
  public String of(byte[] bytes, int start, int end) {
    if (end - start > LONGEST) {
      return new String(bytes, start, end - start, StandardCharsets.UTF_8);
    }
    int hash = 0;
    for (int i = start; i < end; i++) {
      hash = 31 * hash + bytes[i];
    }
    int place = (hash ^ hash >>> 9) & PLACES - 1;
    String known = names[place];
    if (known != null && isAscii(known, bytes, start, end)) {
      return known;
    }
    String name = new String(bytes, start, end - start, StandardCharsets.UTF_8);
    names[place] = name;
    return name;
  }

  /** Whether the bytes are this string in ASCII. */
  static boolean isAscii(String name, byte[] bytes, int start, int end) {
    if (end - start != name.length()) {
      return false;
    }
    for (int i = start; i < end; i++) {
      if (bytes[i] != name.charAt(i - start)) { // a byte of other than ASCII is negative
        return false;
      }
    }
    return true;
  }
}
