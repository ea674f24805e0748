package vigie.collector.dispatch;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.collector.alert.Severity;

/**
 * What a receiver does where its cards go unseen or nobody reacts to them: keys of ours beside
 * Alertmanager's.
 *
 * @param fallback the receiver that gets what this one does not take; null for none
 * @param fallbackAfter how long a new card waits before that; one that only a person can help goes
 *     there at once
 * @param escalateAfter how long after its begin an incident that nobody acknowledged pings again,
 *     in rising order, by its severity
 */
public record Insistence(
    @Nullable String fallback,
    Duration fallbackAfter,
    Map<Severity, List<Duration>> escalateAfter) {
  /** Neither falls back nor escalates. */
  public static final Insistence NONE = new Insistence(null, Duration.ofMinutes(10), Map.of());

  private static final Duration LEAST = Duration.ofSeconds(1);
  private static final Duration MOST = Duration.ofDays(7);
  private static final int MOST_STEPS = 10;

  public Insistence {
    escalateAfter = Map.copyOf(escalateAfter);
  }

  /** The steps for that severity; empty for none. */
  public List<Duration> steps(Severity severity) {
    return escalateAfter.getOrDefault(severity, List.of());
  }

  /** Reads the keys from a receiver's section. */
  static Insistence read(Section section) {
    String fallback = section.string("fallback");
    if (section.has("fallback_after") && fallback == null) {
      section.fault("fallback_after", "fallback_after needs fallback: the name of a receiver");
    }
    return new Insistence(
        fallback,
        section.duration("fallback_after", NONE.fallbackAfter, LEAST, MOST),
        steps(section));
  }

  /**
   * One duration for critical alerts, or by severity one or a list: {@code {critical: [15m, 1h]}}.
   */
  private static Map<Severity, List<Duration>> steps(Section section) {
    Value value = section.value("escalate_after");
    if (value == null) {
      return Map.of();
    }
    if (!value.isSection()) {
      return Map.of(Severity.CRITICAL, steps(value));
    }
    Section bySeverity = value.section();
    Map<Severity, List<Duration>> all = new EnumMap<>(Severity.class);
    for (String key : bySeverity.keys()) {
      Value given = bySeverity.value(key);
      if (given != null) {
        all.put(severity(bySeverity, key), steps(given));
      }
    }
    bySeverity.end();
    return all;
  }

  /** A severity as a key: {@code other} is for all that have another word or none. */
  public static Severity severity(Section section, String key) {
    Severity severity = Severity.of(key);
    if (severity == Severity.OTHER && !key.equals("other")) {
      section.fault(key, key + " is none of critical, warning, info, other");
    }
    return severity;
  }

  private static List<Duration> steps(Value value) {
    List<Value> given = value.isList() ? value.list() : List.of(value);
    TreeSet<Duration> steps = new TreeSet<>();
    for (Value each : given) {
      Duration step = each.duration();
      if (step != null && step.compareTo(LEAST) >= 0) {
        steps.add(step);
      }
    }
    if (steps.size() < given.size() || steps.size() > MOST_STEPS) {
      value.fault(
          "escalate_after takes up to " + MOST_STEPS + " different durations of at least 1s");
    }
    return List.copyOf(steps);
  }
}
