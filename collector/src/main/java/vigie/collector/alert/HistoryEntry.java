package vigie.collector.alert;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import vigie.collector.label.Labels;

/**
 * One thing that happened to alerts.
 *
 * @param at when, to the microsecond
 * @param alerts fingerprints; at most {@link #MOST_ALERTS}, none where it is of no single alert
 * @param labels of the alert where its state changed, so that it can be told after it is gone; else
 *     empty
 * @param who a person, or the receiver that something was sent to; {@code ""} where nobody did it
 * @param text one line for a person; at most {@link #MOST_TEXT} characters, what is longer is cut
 * @param ref what else it is about: an incident, a silence's id; {@code ""} for nothing
 */
public record HistoryEntry(
    Instant at,
    HistoryKind kind,
    List<String> alerts,
    Labels labels,
    String who,
    String text,
    String ref) {
  public static final int MOST_ALERTS = 1000;
  public static final int MOST_TEXT = 4000;

  public HistoryEntry {
    at = at.truncatedTo(ChronoUnit.MICROS);
    alerts = List.copyOf(alerts.size() > MOST_ALERTS ? alerts.subList(0, MOST_ALERTS) : alerts);
    alerts.forEach(each -> Long.parseUnsignedLong(each, 16));
    who = cut(who);
    text = cut(text);
    ref = cut(ref);
  }

  /** An entry of one alert that says no more than its kind. */
  public static HistoryEntry of(HistoryKind kind, Instant at, String fingerprint) {
    return of(kind, at, List.of(fingerprint));
  }

  /** An entry of several alerts that says no more than its kind. */
  public static HistoryEntry of(HistoryKind kind, Instant at, List<String> fingerprints) {
    return new HistoryEntry(at, kind, fingerprints, Labels.EMPTY, "", "", "");
  }

  /** This entry, done by somebody. */
  public HistoryEntry by(String somebody) {
    return new HistoryEntry(at, kind, alerts, labels, somebody, text, ref);
  }

  /** This entry with a text. */
  public HistoryEntry saying(String line) {
    return new HistoryEntry(at, kind, alerts, labels, who, line, ref);
  }

  /** This entry about an incident or a silence. */
  public HistoryEntry about(String what) {
    return new HistoryEntry(at, kind, alerts, labels, who, text, what);
  }

  HistoryEntry labelled(Labels ofAlert) {
    return new HistoryEntry(at, kind, alerts, ofAlert, who, text, ref);
  }

  private static String cut(String text) {
    return text.length() > MOST_TEXT ? text.substring(0, MOST_TEXT - 1) + "…" : text;
  }
}
