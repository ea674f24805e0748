package vigie.collector.inhibit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import vigie.collector.label.Labels;

/**
 * Which firing alerts inhibit which, by {@link InhibitRule}s. As in Alertmanager an alert that fits
 * both sides of a rule is not inhibited by another such, itself included. Rules are looked at once
 * for each alert; after that a change costs what it changes. Not safe for several threads.
 */
public final class Inhibitor {
  private List<Ruled> rules = List.of();
  private final Map<String, Labels> firing = new LinkedHashMap<>();

  /** Takes other rules; what fires stays known. */
  public void rules(List<InhibitRule> next) {
    rules = next.stream().map(Ruled::new).toList();
    firing.forEach((fingerprint, labels) -> rules.forEach(rule -> rule.add(fingerprint, labels)));
  }

  /**
   * An alert fires.
   *
   * @return the fingerprints of those whose inhibition may have changed, without its own
   */
  public Set<String> fires(String fingerprint, Labels labels) {
    if (firing.putIfAbsent(fingerprint, labels) != null) {
      return Set.of();
    }
    Set<String> touched = new LinkedHashSet<>();
    rules.forEach(rule -> touched.addAll(rule.add(fingerprint, labels)));
    touched.remove(fingerprint);
    return touched;
  }

  /** An alert ended; returns as {@link #fires}. */
  public Set<String> ended(String fingerprint) {
    Labels labels = firing.remove(fingerprint);
    if (labels == null) {
      return Set.of();
    }
    Set<String> touched = new LinkedHashSet<>();
    rules.forEach(rule -> touched.addAll(rule.remove(fingerprint, labels)));
    return touched;
  }

  /** The fingerprint of an alert for each rule that inhibits this one; it need not fire. */
  public List<String> inhibiting(String fingerprint, Labels labels) {
    List<String> by = new ArrayList<>(0);
    for (Ruled rule : rules) {
      String source = rule.inhibiting(fingerprint, labels);
      if (!source.isEmpty() && !by.contains(source)) {
        by.add(source);
      }
    }
    return by;
  }

  /** A rule with the alerts that it concerns, by their values of {@code equal}. */
  private static final class Ruled {
    private final InhibitRule rule;
    private final Map<List<String>, Alike> byValues = new HashMap<>();

    Ruled(InhibitRule rule) {
      this.rule = rule;
    }

    Collection<String> add(String fingerprint, Labels labels) {
      boolean source = rule.isSource(labels);
      boolean target = rule.isTarget(labels);
      if (!source && !target) {
        return List.of();
      }
      Alike alike = byValues.computeIfAbsent(rule.equalValues(labels), values -> new Alike());
      if (target) {
        alike.targets.add(fingerprint);
      }
      return source && alike.sources(target).add(fingerprint) && alike.sources(target).size() == 1
          ? List.copyOf(alike.targets)
          : List.of();
    }

    Collection<String> remove(String fingerprint, Labels labels) {
      List<String> values = rule.equalValues(labels);
      Alike alike = byValues.get(values);
      if (alike == null) {
        return List.of();
      }
      alike.targets.remove(fingerprint);
      boolean source = alike.plain.remove(fingerprint) | alike.twoSided.remove(fingerprint);
      if (alike.isEmpty()) {
        byValues.remove(values);
      }
      // Whom it inhibited names another one now, or none.
      return source ? List.copyOf(alike.targets) : List.of();
    }

    String inhibiting(String fingerprint, Labels labels) {
      if (byValues.isEmpty() || !rule.isTarget(labels)) {
        return "";
      }
      Alike alike = byValues.get(rule.equalValues(labels));
      if (alike == null) {
        return "";
      }
      if (!alike.plain.isEmpty()) {
        String first = alike.plain.iterator().next();
        return first.equals(fingerprint) ? "" : first;
      }
      return alike.twoSided.isEmpty() || rule.isSource(labels)
          ? ""
          : alike.twoSided.iterator().next();
    }
  }

  /** Alerts that have the same values. */
  private static final class Alike {
    /** Sources that are no targets, in the order in which they came. */
    final Set<String> plain = new LinkedHashSet<>();

    final Set<String> twoSided = new LinkedHashSet<>();
    final Set<String> targets = new LinkedHashSet<>();

    Set<String> sources(boolean alsoTarget) {
      return alsoTarget ? twoSided : plain;
    }

    boolean isEmpty() {
      return plain.isEmpty() && twoSided.isEmpty() && targets.isEmpty();
    }
  }
}
