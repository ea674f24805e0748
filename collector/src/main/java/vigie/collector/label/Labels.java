package vigie.collector.label;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of labels, sorted by name (code units), without empty values: an empty value is
 * an absent label, as in Prometheus. The hash is computed once. Safe for all threads.
 */
public final class Labels implements Comparable<Labels> {
  /** The label that holds the metric's name. */
  public static final String NAME = "__name__";

  private static final List<String> METRIC = List.of(NAME, "__type__", "__unit__");

  public static final Labels EMPTY = new Labels(new String[0]);

  /** Names and values in turn. */
  private final String[] pairs;

  private final int hash;

  /** Racy on purpose: every thread would compute the same. */
  private @Nullable Labels withoutMetric;

  /** Likewise; one text for all who keep it, since many keep an alert by it. */
  private @Nullable String fingerprint;

  private Labels(String[] pairs) {
    this.pairs = pairs;
    this.hash = Arrays.hashCode(pairs);
  }

  /**
   * Labels of names and values in turn, in any order.
   *
   * @throws IllegalArgumentException if a name is there twice or a value is missing
   */
  public static Labels of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException(
          "a name without a value: " + String.join(",", namesAndValues));
    }
    Builder builder = new Builder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (builder.map.put(namesAndValues[i], namesAndValues[i + 1]) != null) {
        throw new IllegalArgumentException("label " + namesAndValues[i] + " is there twice");
      }
    }
    return builder.build();
  }

  public static Labels of(Map<String, String> map) {
    Builder builder = new Builder();
    builder.map.putAll(map);
    return builder.build();
  }

  /** The names that occur in any of these, in order. */
  public static SortedSet<String> names(Iterable<Labels> all) {
    SortedSet<String> names = new TreeSet<>();
    for (Labels labels : all) {
      for (int i = 0; i < labels.size(); i++) {
        names.add(labels.name(i));
      }
    }
    return names;
  }

  /**
   * Labels of names and values in turn as another set of labels gave them: names ascending, each
   * once, no value empty. The array is not copied.
   */
  public static Labels ofSorted(String[] namesAndValues) {
    return new Labels(namesAndValues);
  }

  public int size() {
    return pairs.length / 2;
  }

  public boolean isEmpty() {
    return pairs.length == 0;
  }

  /** The name at {@code index}, in sorted order. */
  public String name(int index) {
    return pairs[2 * index];
  }

  /** The value at {@code index}, in the order of the names. */
  public String value(int index) {
    return pairs[2 * index + 1];
  }

  /** The value of the label, {@code ""} where it is absent. */
  public String get(String name) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i].equals(name)) {
        return pairs[i + 1];
      }
    }
    return "";
  }

  public boolean has(String name) {
    return !get(name).isEmpty();
  }

  /** The metric's name, {@code ""} where there is none. */
  public String metricName() {
    return get(NAME);
  }

  /**
   * Replaces its strings by equal ones, so that many sets of labels share one copy of each. Nobody
   * sees a difference; racing threads may each do it.
   */
  public void shareStrings(UnaryOperator<String> canonical) {
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = canonical.apply(pairs[i]);
    }
  }

  /** As {@link #shareStrings(UnaryOperator)}, with the strings of labels that equal these. */
  @SuppressWarnings("ReferenceEquality") // whether it is done already
  public void shareStrings(Labels equal) {
    if (pairs.length > 0 && pairs[pairs.length - 1] != equal.pairs[pairs.length - 1]) {
      System.arraycopy(equal.pairs, 0, pairs, 0, pairs.length);
    }
  }

  /** These labels with one set, or removed where the value is empty. */
  public Labels with(String name, String value) {
    return toBuilder().set(name, value).build();
  }

  /** These labels without the named ones. */
  public Labels without(String... names) {
    return filtered(Arrays.asList(names), false);
  }

  /** Only the named labels. */
  public Labels only(Collection<String> names) {
    return filtered(names, true);
  }

  /**
   * These labels without what says which metric it is: {@code __name__}, {@code __type__} and
   * {@code __unit__}. Computed once.
   */
  public Labels withoutMetric() {
    Labels known = withoutMetric;
    if (known == null) {
      known = filtered(METRIC, false);
      withoutMetric = known;
    }
    return known;
  }

  /**
   * 16 hexadecimal digits that stay the same for the same labels, as Alertmanager's. Computed once.
   */
  public String fingerprint() {
    String known = fingerprint;
    if (known == null) {
      known = Fingerprint.of(this);
      fingerprint = known;
    }
    return known;
  }

  private Labels filtered(Collection<String> names, boolean keep) {
    int kept = 0;
    for (int i = 0; i < pairs.length; i += 2) {
      kept += names.contains(pairs[i]) == keep ? 1 : 0;
    }
    if (2 * kept == pairs.length) {
      return this;
    }
    if (kept == 0) {
      return EMPTY;
    }
    String[] left = new String[2 * kept];
    int at = 0;
    for (int i = 0; i < pairs.length; i += 2) {
      if (names.contains(pairs[i]) == keep) {
        left[at++] = pairs[i];
        left[at++] = pairs[i + 1];
      }
    }
    return new Labels(left);
  }

  /** A mutable, sorted copy. */
  public SortedMap<String, String> toMap() {
    TreeMap<String, String> map = new TreeMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i], pairs[i + 1]);
    }
    return map;
  }

  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.map.putAll(toMap());
    return builder;
  }

  /** Name by name, then value by value, as Prometheus sorts series. */
  @Override
  public int compareTo(Labels other) {
    int shared = Math.min(pairs.length, other.pairs.length);
    for (int i = 0; i < shared; i++) {
      int order = pairs[i].compareTo(other.pairs[i]);
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(pairs.length, other.pairs.length);
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof Labels l && hash == l.hash && Arrays.equals(pairs, l.pairs));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /** As Prometheus writes them: {@code {a="b", c="d"}}, values escaped. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder("{");
    for (int i = 0; i < pairs.length; i += 2) {
      out.append(i == 0 ? "" : ", ").append(pairs[i]).append("=\"");
      String value = pairs[i + 1];
      for (int k = 0; k < value.length(); k++) {
        char c = value.charAt(k);
        switch (c) {
          case '"' -> out.append("\\\"");
          case '\\' -> out.append("\\\\");
          case '\n' -> out.append("\\n");
          default -> out.append(c);
        }
      }
      out.append('"');
    }
    return out.append('}').toString();
  }

  /** Collects labels; not safe for several threads. */
  public static final class Builder {
    private final TreeMap<String, String> map = new TreeMap<>();

    /** Sets a label; an empty value removes it. */
    public Builder set(String name, String value) {
      if (value.isEmpty()) {
        map.remove(name);
      } else {
        map.put(name, value);
      }
      return this;
    }

    public String get(String name) {
      return map.getOrDefault(name, "");
    }

    public Labels build() {
      map.values().removeIf(String::isEmpty);
      if (map.isEmpty()) {
        return EMPTY;
      }
      String[] pairs = new String[2 * map.size()];
      int at = 0;
      for (Map.Entry<String, String> entry : map.entrySet()) {
        pairs[at++] = entry.getKey();
        pairs[at++] = entry.getValue();
      }
      return new Labels(pairs);
    }
  }
}
