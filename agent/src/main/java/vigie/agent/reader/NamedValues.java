package vigie.agent.reader;

import java.util.Arrays;

/**
 * Numbers by the names that the kernel gives them, in its order. Filled anew by each reading of the
 * reader that owns it; a name of two parts is put together once and kept for the next reading.
 */
public final class NamedValues {
  private static final int MAX = 4096;

  private String[] groups = new String[64];
  private String[] parts = new String[64];
  private String[] names = new String[64];
  private double[] values = new double[64];
  private int count;

  NamedValues() {}

  public int count() {
    return count;
  }

  public String name(int index) {
    return names[index];
  }

  /** NaN where the kernel wrote no number. */
  public double value(int index) {
    return values[index];
  }

  void clear() {
    count = 0;
  }

  /** Adds {@code name}; beyond 4096 names nothing is added. */
  void add(String name, double value) {
    if (count < MAX) {
      room();
      names[count] = name;
      values[count++] = value;
    }
  }

  /** Adds {@code group_part}; beyond 4096 names nothing is added. */
  void add(String group, String part, double value) {
    if (count == MAX) {
      return;
    }
    room();
    if (!group.equals(groups[count]) || !part.equals(parts[count])) {
      groups[count] = group;
      parts[count] = part;
      names[count] = group + "_" + part;
    }
    values[count++] = value;
  }

  void set(int index, double value) {
    values[index] = value;
  }

  private void room() {
    if (count == names.length) {
      groups = Arrays.copyOf(groups, count * 2);
      parts = Arrays.copyOf(parts, count * 2);
      names = Arrays.copyOf(names, count * 2);
      values = Arrays.copyOf(values, count * 2);
    }
  }
}
