package vigie.collector.alert;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/**
 * How bad an alert is, from the words that rules use in the label {@code severity}; worst first.
 */
public enum Severity {
  CRITICAL,
  WARNING,
  /** No label, or a word that is none of the known ones. */
  OTHER,
  INFO;

  /** Reads a label's value or a key of the configuration; upper and lower case are the same. */
  public static Severity of(String word) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "critical", "crit", "page", "emergency", "alert", "error", "high", "major" -> CRITICAL;
      case "warning", "warn", "minor", "medium" -> WARNING;
      case "info", "notice", "low", "none", "informational" -> INFO;
      default -> OTHER;
    };
  }

  public static Severity of(Alert alert) {
    return of(alert.severity());
  }

  /** The worst of them; {@link #OTHER} where there are none. */
  public static Severity worst(Collection<Alert> alerts) {
    return alerts.stream().map(Severity::of).min(Comparator.naturalOrder()).orElse(OTHER);
  }

  /** As it stands in configurations: {@code critical}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
