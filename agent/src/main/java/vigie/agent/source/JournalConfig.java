package vigie.agent.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import vigie.agent.event.Severity;
import vigie.agent.reader.Systemd;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * Which of the journal's lines patterns see. What systemd says of its units and what the kernel
 * says is read besides, whatever is selected here.
 *
 * @param wanted {@code ON} where the operator asked for it, so that its lack is a fault
 * @param units full names; empty for all. The same goes for the next
 * @param identifiers programs' names for themselves (syslog's tags)
 * @param priority the least severe that counts
 * @param transports {@code journal}, {@code stdout}, {@code syslog}, {@code kernel}, {@code audit},
 *     {@code driver}
 */
record JournalConfig(
    Wanted wanted,
    List<String> units,
    List<String> identifiers,
    Severity priority,
    List<String> transports) {
  /** Whether it is read; {@code AUTO}: where there is one. */
  enum Wanted {
    AUTO,
    ON,
    OFF
  }

  static final JournalConfig AUTO = all(Wanted.AUTO);

  private static final int MOST = 256;
  private static final int MOST_IDENTIFIER = 255;
  private static final Set<String> TRANSPORTS =
      Set.of("audit", "driver", "journal", "kernel", "stdout", "syslog");

  JournalConfig {
    units = List.copyOf(units);
    identifiers = List.copyOf(identifiers);
    transports = List.copyOf(transports);
  }

  private static JournalConfig all(Wanted wanted) {
    return new JournalConfig(wanted, List.of(), List.of(), Severity.DEBUG, List.of());
  }

  /** Whether patterns see all there is. */
  boolean takesAll() {
    return units.isEmpty()
        && identifiers.isEmpty()
        && transports.isEmpty()
        && priority == Severity.DEBUG;
  }

  /** Reads {@code journal} of {@code sources}: {@code true}, {@code false} or a section. */
  static JournalConfig read(Section sources) {
    Value value = sources.value("journal");
    if (value == null) {
      return AUTO;
    }
    if (!value.isSection()) {
      Boolean on = value.bool();
      return on == null ? AUTO : all(on ? Wanted.ON : Wanted.OFF);
    }
    Section section = value.section();
    JournalConfig config =
        new JournalConfig(
            Wanted.ON,
            units(section),
            bounded(section, "identifiers"),
            priority(section),
            transports(section));
    section.end();
    return config;
  }

  private static List<String> units(Section section) {
    List<String> units = new ArrayList<>();
    for (String unit : bounded(section, "units")) {
      try {
        units.add(Systemd.unitName(unit));
      } catch (IllegalArgumentException e) {
        section.fault("units", "unit \"" + unit + "\": " + e.getMessage());
      }
    }
    return units;
  }

  private static List<String> bounded(Section section, String key) {
    List<String> texts = section.strings(key);
    if (texts.size() > MOST) {
      section.fault(key, key + " has more than " + MOST + " members");
      return List.of();
    }
    for (String text : texts) {
      if (text.isEmpty() || text.length() > MOST_IDENTIFIER || text.indexOf('\n') >= 0) {
        section.fault(key, key + " has a member that is empty or too long");
        return List.of();
      }
    }
    return texts;
  }

  private static Severity priority(Section section) {
    Value value = section.value("priority");
    Severity severity = value == null ? null : Severities.read(value);
    return severity == null ? Severity.DEBUG : severity;
  }

  private static List<String> transports(Section section) {
    List<String> transports = bounded(section, "transports");
    for (String transport : transports) {
      if (!TRANSPORTS.contains(transport)) {
        section.fault(
            "transports",
            "transport \""
                + transport
                + "\" is none of audit, driver, journal, kernel, stdout, syslog");
      }
    }
    return transports;
  }
}
