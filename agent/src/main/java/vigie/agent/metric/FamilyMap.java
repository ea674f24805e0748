package vigie.agent.metric;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Families whose names are learnt from what the machine has. Not more than a bound of them. */
final class FamilyMap {
  private static final int MAX = 2000;

  private final Map<String, Family> families = new TreeMap<>();

  /**
   * The family of a name, made when it is asked for first. Past the bound the answer is one that
   * nobody exposes.
   */
  Family get(String name, Function<String, Family> make) {
    Family known = families.get(name);
    if (known == null) {
      known = make.apply(name);
      if (families.size() < MAX) {
        families.put(name, known);
      }
    }
    return known;
  }

  List<Family> all() {
    return List.copyOf(families.values());
  }
}
