package vigie.collector.api.vigie;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Durations;
import vigie.collector.alert.Alert;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.event.Event;

/**
 * An incident report in Markdown. Everything from outside is escaped: it can neither make headings,
 * links, tables or HTML, nor hide anything.
 */
final class AlertReport {
  private static final String ESCAPED = "\\`*_{}[]<>#|~&!@$";
  private static final int MOST_LINES = 50;
  private static final Set<HistoryKind> BY_PEOPLE =
      Set.of(
          HistoryKind.ACKNOWLEDGED,
          HistoryKind.UNACKNOWLEDGED,
          HistoryKind.NOTE,
          HistoryKind.CAUSE,
          HistoryKind.ACTION);
  private static final Map<String, String> FRENCH =
      Map.ofEntries(
          Map.entry("Incident", "Incident"),
          Map.entry("State", "État"),
          Map.entry("Severity", "Gravité"),
          Map.entry("Node", "Nœud"),
          Map.entry("Target", "Cible"),
          Map.entry("Began", "Début"),
          Map.entry("Fired", "Déclenché"),
          Map.entry("Known", "Connu"),
          Map.entry("Resolved", "Résolu"),
          Map.entry("Lasted", "Durée"),
          Map.entry("People", "Personnes"),
          Map.entry("Alert", "Alerte"),
          Map.entry("Summary", "Résumé"),
          Map.entry("Cause", "Cause"),
          Map.entry("Corrective action", "Action corrective"),
          Map.entry("Notes", "Notes"),
          Map.entry("Timeline", "Chronologie"),
          Map.entry("Events", "Événements"),
          Map.entry("nobody has written it yet", "personne ne l'a encore écrit"),
          Map.entry("none", "aucun"),
          Map.entry("nobody", "personne"),
          Map.entry("times in", "heures :"),
          Map.entry("firing", "en cours"),
          Map.entry("pending", "en attente"),
          Map.entry("resolved", "résolu"));

  private final Alert alert;
  private final List<HistoryEntry> story;
  private final List<Event> events;
  private final boolean french;
  private final DateTimeFormatter time;
  private final ZoneId zone;
  private final StringBuilder out = new StringBuilder();

  /**
   * @param story of this incident alone, the oldest first
   * @param events of the alert and around it
   */
  AlertReport(
      Alert alert, List<HistoryEntry> story, List<Event> events, ZoneId zone, boolean french) {
    this.alert = alert;
    this.story = List.copyOf(story);
    this.events = events.stream().distinct().sorted(Comparator.comparing(Event::time)).toList();
    this.zone = zone;
    this.french = french;
    this.time = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(zone);
  }

  /**
   * What belongs to the last time that the alert fired: from when it began to, and all that was
   * said since.
   */
  static List<HistoryEntry> lastOf(List<HistoryEntry> whole) {
    int from = 0;
    for (int i = 0; i < whole.size(); i++) {
      if (whole.get(i).kind() == HistoryKind.FIRING) {
        boolean pending = i > 0 && whole.get(i - 1).kind() == HistoryKind.PENDING;
        from = pending ? i - 1 : i;
      }
    }
    return whole.subList(from, whole.size());
  }

  String markdown() {
    out.append("# ").append(word("Incident")).append(": ").append(line(title())).append("\n\n");
    out.append("| | |\n|---|---|\n");
    row("Alert", alert.name());
    row("State", word(alert.state().name().toLowerCase(Locale.ROOT)));
    row("Severity", alert.severity());
    row("Node", alert.node());
    row("Target", alert.target());
    row("Began", at(alert.activeAt()));
    row("Fired", at(alert.firedAt()));
    row("Known", at(alert.knownAt()));
    Instant end = alert.resolvedAt();
    row("Resolved", at(end));
    if (end != null && end.isAfter(alert.activeAt())) {
      Duration lasted = Duration.between(alert.activeAt(), end).truncatedTo(ChronoUnit.SECONDS);
      row("Lasted", Durations.format(lasted));
    }
    row("People", String.join(", ", people()));
    row("Id", alert.fingerprint());
    out.append("\n(").append(word("times in")).append(' ').append(line(zone.getId())).append(")\n");
    section("Summary");
    String summary = alert.annotations().get("summary");
    out.append(summary.isEmpty() ? "–\n" : quoted(summary));
    if (!alert.annotations().get("description").isEmpty()) {
      out.append("\n").append(quoted(alert.annotations().get("description")));
    }
    said("Cause", HistoryKind.CAUSE, "nobody has written it yet");
    said("Corrective action", HistoryKind.ACTION, "nobody has written it yet");
    said("Notes", HistoryKind.NOTE, "none");
    timeline();
    events();
    return out.toString();
  }

  private String title() {
    return alert.node().isEmpty() ? alert.name() : alert.name() + " @ " + alert.node();
  }

  private List<String> people() {
    Set<String> people = new LinkedHashSet<>();
    for (HistoryEntry entry : story) {
      if (BY_PEOPLE.contains(entry.kind()) && !entry.who().isEmpty()) {
        people.add(entry.who());
      }
    }
    return people.isEmpty() ? List.of(word("nobody")) : new ArrayList<>(people);
  }

  private void section(String title) {
    out.append("\n## ").append(word(title)).append("\n\n");
  }

  private void row(String name, String value) {
    if (!value.isEmpty()) {
      out.append("| ").append(word(name)).append(" | ").append(line(value)).append(" |\n");
    }
  }

  private void said(String title, HistoryKind kind, String otherwise) {
    section(title);
    List<HistoryEntry> found = story.stream().filter(e -> e.kind() == kind).toList();
    if (found.isEmpty()) {
      out.append("*").append(word(otherwise)).append("*\n");
    }
    String between = "";
    for (HistoryEntry entry : found) {
      out.append(between).append(quoted(entry.text()));
      String who = entry.who().isEmpty() ? "" : line(entry.who()) + ", ";
      out.append(">\n> — ").append(who).append(at(entry.at())).append('\n');
      between = "\n";
    }
  }

  private void timeline() {
    section("Timeline");
    if (story.isEmpty()) {
      out.append("*").append(word("none")).append("*\n");
    }
    for (HistoryEntry entry : story) {
      out.append("- ").append(at(entry.at())).append(" **").append(entry.kind().word());
      out.append("**");
      for (String part : List.of(entry.who(), entry.text())) {
        out.append(part.isEmpty() ? "" : " " + line(part));
      }
      out.append(entry.ref().isEmpty() ? "" : " (" + line(entry.ref()) + ")").append('\n');
    }
  }

  private void events() {
    section("Events");
    if (events.isEmpty()) {
      out.append("*").append(word("none")).append("*\n");
    }
    for (Event event : events) {
      out.append("- ").append(at(event.time())).append(' ').append(line(event.node()));
      out.append(" **").append(line(event.type())).append("** ").append(line(event.text()));
      out.append('\n');
    }
  }

  private String at(@Nullable Instant moment) {
    return moment == null ? "" : time.format(moment);
  }

  private String word(String english) {
    return french ? FRENCH.getOrDefault(english, english) : english;
  }

  /** As lines of a quotation, each escaped. */
  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder();
    text.lines().limit(MOST_LINES).forEach(l -> quoted.append("> ").append(line(l)).append('\n'));
    return quoted.isEmpty() ? "> –\n" : quoted.toString();
  }

  /** One line that says what the text says, and does nothing. */
  static String line(String text) {
    StringBuilder safe = new StringBuilder(text.length() + 16);
    String stripped = text.strip();
    for (int i = 0; i < stripped.length(); i++) {
      char c = stripped.charAt(i);
      int kind = Character.getType(c);
      if (c == '\n' || c == '\r' || c == '\t' || c == '\u2028' || c == '\u2029') {
        safe.append(' ');
      } else if (kind == Character.CONTROL || kind == Character.FORMAT) {
        // Colours of a terminal, and what turns the direction of what follows.
      } else if (ESCAPED.indexOf(c) >= 0 || mayBegin(stripped, i)) {
        safe.append('\\').append(c);
      } else {
        safe.append(c);
      }
    }
    return safe.toString();
  }

  /** Whether the character would make a list, a rule, a heading or a link of what it stands in. */
  private static boolean mayBegin(String text, int at) {
    char c = text.charAt(at);
    boolean first = at == 0;
    boolean numbered =
        at > 0 && at < 10 && text.substring(0, at).chars().allMatch(Character::isDigit);
    return (first && "-+=".indexOf(c) >= 0)
        || (numbered && (c == '.' || c == ')'))
        || (c == ':' && text.startsWith("//", at + 1))
        || (c == '.' && text.regionMatches(true, Math.max(0, at - 3), "www", 0, 3));
  }
}
