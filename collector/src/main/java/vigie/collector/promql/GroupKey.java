package vigie.collector.promql;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import vigie.collector.label.Labels;

/** Which labels tell groups apart: those named, or all but those named. */
final class GroupKey {
  private final String[] names;
  private final Set<String> set;
  private final boolean keep;

  private GroupKey(Collection<String> names, boolean keep) {
    this.set = Set.copyOf(names);
    this.names = new TreeSet<>(names).toArray(new String[0]);
    this.keep = keep;
  }

  /** Only the named labels count. */
  static GroupKey by(Collection<String> names) {
    return new GroupKey(names, true);
  }

  /** All labels count but the named ones and {@code __name__}. */
  static GroupKey without(Collection<String> names) {
    TreeSet<String> all = new TreeSet<>(names);
    all.add(Labels.NAME);
    return new GroupKey(all, false);
  }

  /** All labels count but {@code le}. */
  static GroupKey withoutLe() {
    return new GroupKey(List.of("le"), false);
  }

  int hash(Labels labels) {
    int hash = 1;
    int named = 0;
    for (int i = 0; i < labels.size(); i++) {
      String name = labels.name(i);
      while (named < names.length && names[named].compareTo(name) < 0) {
        named++;
      }
      boolean isNamed = named < names.length && names[named].equals(name);
      if (isNamed == keep) {
        hash = 31 * (31 * hash + name.hashCode()) + labels.value(i).hashCode();
      }
    }
    return hash ^ (hash >>> 16);
  }

  boolean same(Labels one, Labels other) {
    if (keep) {
      for (String name : names) {
        if (!one.get(name).equals(other.get(name))) {
          return false;
        }
      }
      return true;
    }
    int i = next(one, 0);
    int k = next(other, 0);
    while (i < one.size() && k < other.size()) {
      if (!one.name(i).equals(other.name(k)) || !one.value(i).equals(other.value(k))) {
        return false;
      }
      i = next(one, i + 1);
      k = next(other, k + 1);
    }
    return i == one.size() && k == other.size();
  }

  private int next(Labels labels, int from) {
    int at = from;
    while (at < labels.size() && set.contains(labels.name(at))) {
      at++;
    }
    return at;
  }

  /** The labels that count. */
  Labels project(Labels labels) {
    return keep ? labels.only(set) : labels.without(names);
  }
}
