package vigie.agent.source;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Severity;
import vigie.base.config.Value;

/** Severities as people write them: syslog's words, short or long, or the number. */
final class Severities {
  private static final List<List<String>> WORDS =
      List.of(
          List.of("emergency", "emerg", "panic", "0"),
          List.of("alert", "1"),
          List.of("critical", "crit", "2"),
          List.of("error", "err", "3"),
          List.of("warning", "warn", "4"),
          List.of("notice", "5"),
          List.of("informational", "info", "6"),
          List.of("debug", "7"));

  private Severities() {}

  /** Null with a fault where it is none. */
  static @Nullable Severity read(Value value) {
    String text = value.string();
    for (Severity severity : Severity.values()) {
      if (text != null && of(severity).contains(text.toLowerCase(Locale.ROOT))) {
        return severity;
      }
    }
    if (text != null) {
      value.fault(
          "\""
              + text
              + "\" is not a severity; write emergency, alert, critical, error, warning, notice,"
              + " info or debug");
    }
    return null;
  }

  @SuppressWarnings("EnumOrdinal") // a severity's ordinal is its code
  private static List<String> of(Severity severity) {
    return WORDS.get(severity.ordinal());
  }
}
