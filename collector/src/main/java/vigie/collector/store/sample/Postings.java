package vigie.collector.store.sample;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/** Which series have which label: name, then value, then series. Not safe for several threads. */
final class Postings {
  private final Map<String, Map<String, Set<MemorySeries>>> byName = new HashMap<>();
  private final Set<MemorySeries> all = new LinkedHashSet<>();

  void add(MemorySeries series) {
    all.add(series);
    Labels labels = series.labels;
    for (int i = 0; i < labels.size(); i++) {
      byName
          .computeIfAbsent(labels.name(i), name -> new HashMap<>())
          .computeIfAbsent(labels.value(i), value -> new LinkedHashSet<>(4))
          .add(series);
    }
  }

  void remove(MemorySeries series) {
    all.remove(series);
    Labels labels = series.labels;
    for (int i = 0; i < labels.size(); i++) {
      Map<String, Set<MemorySeries>> values = byName.getOrDefault(labels.name(i), Map.of());
      Set<MemorySeries> having = values.getOrDefault(labels.value(i), Set.of());
      having.remove(series);
      if (having.isEmpty()) {
        values.remove(labels.value(i));
      }
      if (values.isEmpty()) {
        byName.remove(labels.name(i));
      }
    }
  }

  /** Whether any series has this label. */
  boolean has(String name, String value) {
    return byName.getOrDefault(name, Map.of()).containsKey(value);
  }

  /** The series that match, sorted by labels. */
  List<MemorySeries> find(List<LabelMatcher> matchers) {
    Collection<MemorySeries> candidates = all;
    for (LabelMatcher matcher : matchers) {
      if (matcher.op() == LabelMatcher.Op.EQUAL && !matcher.value().isEmpty()) {
        Collection<MemorySeries> having =
            byName.getOrDefault(matcher.name(), Map.of()).getOrDefault(matcher.value(), Set.of());
        candidates = having.size() < candidates.size() ? having : candidates;
      }
    }
    if (candidates == all) {
      candidates = byPattern(matchers);
    }
    List<MemorySeries> found = new ArrayList<>();
    for (MemorySeries series : candidates) {
      boolean matches = true;
      for (LabelMatcher matcher : matchers) {
        matches = matches && matcher.matches(series.labels);
      }
      if (matches) {
        found.add(series);
      }
    }
    found.sort((one, other) -> one.labels.compareTo(other.labels));
    return found;
  }

  /** Where no equality narrows the search, one pattern that needs the label does. */
  private Collection<MemorySeries> byPattern(List<LabelMatcher> matchers) {
    for (LabelMatcher matcher : matchers) {
      if (!matcher.matches("")) {
        Set<MemorySeries> having = new LinkedHashSet<>();
        byName
            .getOrDefault(matcher.name(), Map.of())
            .forEach(
                (value, series) -> {
                  if (matcher.matches(value)) {
                    having.addAll(series);
                  }
                });
        return having;
      }
    }
    return all;
  }
}
