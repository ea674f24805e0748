package vigie.agent.reader;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Gives the same String for the same bytes, so that device and field names cost no memory from the
 * second reading on. Forgets everything when full; one thread at a time.
 */
final class Names {
  private static final int MAX = 4096;

  private byte[][] keys = new byte[64][];
  private String[] values = new String[64];
  private int count;

  String of(byte[] data, int from, int to) {
    int hash = 1;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + data[i];
    }
    int mask = keys.length - 1;
    int slot = (hash ^ hash >>> 16) & mask;
    while (keys[slot] != null) {
      byte[] key = keys[slot];
      if (Arrays.equals(key, 0, key.length, data, from, to)) {
        return values[slot];
      }
      slot = slot + 1 & mask;
    }
    String value = new String(data, from, to - from, StandardCharsets.UTF_8);
    if (count == MAX) {
      Arrays.fill(keys, null);
      count = 0;
      return value;
    }
    keys[slot] = Arrays.copyOfRange(data, from, to);
    values[slot] = value;
    if (++count * 2 > keys.length) {
      grow();
    }
    return value;
  }

  private void grow() {
    byte[][] oldKeys = keys;
    String[] oldValues = values;
    keys = new byte[oldKeys.length * 2][];
    values = new String[oldKeys.length * 2];
    count = 0;
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != null) {
        put(oldKeys[i], oldValues[i]);
      }
    }
  }

  private void put(byte[] key, String value) {
    int hash = Arrays.hashCode(key);
    int mask = keys.length - 1;
    int slot = (hash ^ hash >>> 16) & mask;
    while (keys[slot] != null) {
      slot = slot + 1 & mask;
    }
    keys[slot] = key;
    values[slot] = value;
    count++;
  }
}
