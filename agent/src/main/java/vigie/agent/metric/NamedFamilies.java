package vigie.agent.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.NamedValues;

/**
 * Families named after what the kernel calls its numbers, each made when its name is first seen.
 * The kernel keeps its order, so that a value finds its family by its place. One thread at a time.
 */
final class NamedFamilies {
  private static final int MAX_FAMILIES = 1024;

  private final Filter filter;
  private final Function<String, Family> make;
  private final Map<String, Family> byName = new HashMap<>();
  private final List<Family> all = new ArrayList<>();
  private String[] places = new String[64];
  private @Nullable Family[] families = new Family[64];

  /**
   * @param filter the kernel's names that are told
   * @param make the family of a name
   */
  NamedFamilies(Filter filter, Function<String, Family> make) {
    this.filter = filter;
    this.make = make;
  }

  /** Those seen so far. */
  List<Family> families() {
    return Collections.unmodifiableList(all);
  }

  /** Adds each value to the family of its name. */
  void add(NamedValues values) {
    if (places.length < values.count()) {
      places = Arrays.copyOf(places, values.count());
      families = Arrays.copyOf(families, values.count());
    }
    for (int i = 0; i < values.count(); i++) {
      String name = values.name(i);
      if (!name.equals(places[i])) {
        places[i] = name;
        families[i] = family(name);
      }
      Family family = families[i];
      if (family != null) {
        family.add(values.value(i));
      }
    }
  }

  private @Nullable Family family(String name) {
    if (!filter.accepts(name) || !isPartOfAName(name)) {
      return null;
    }
    Family family = byName.get(name);
    if (family == null && all.size() < MAX_FAMILIES) {
      family = make.apply(name);
      byName.put(name, family);
      all.add(family);
    }
    return family;
  }

  private static boolean isPartOfAName(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c != '_' && (c >= 0x80 || !Character.isLetterOrDigit(c))) {
        return false;
      }
    }
    return !name.isEmpty();
  }
}
