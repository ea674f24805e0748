package vigie.collector.card;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Durations;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.AlertMark;
import vigie.collector.dispatch.Notes;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.graph.Unit;
import vigie.collector.label.Labels;

/**
 * What templates know of a notification: the fields that docs/cards.md lists. All text from outside
 * has been through the {@link Style} when a template sees it.
 */
final class CardData {
  private static final int LONGEST_NAME = 80;
  private static final int LONGEST_VALUE = 200;
  private static final int LONGEST_REASON = 400;
  private static final int LONGEST_SUMMARY = 600;
  private static final int LONGEST_LINE = 160;
  private static final int LONGEST_ROW_NAME = 50;
  private static final int LONGEST_ROW_REASON = 90;
  private static final int MOST_LABELS = 30;
  private static final int MOST_LINES = 5;
  private static final int MOST_ROWS = 8;
  private static final int MOST_EVENTS = 3;
  private static final int MOST_PACKAGES = 3;

  private final Notification wanted;
  private final CardContext context;
  private final Style style;
  private final Locales words;
  private final List<Alert> shown;
  private final Map<String, Object> data = new LinkedHashMap<>();

  /** What depends on the language beside the templates. */
  record Locales(String externalUrl, char decimalPoint) {}

  private CardData(Notification wanted, CardContext context, Style style, Locales words) {
    this.wanted = wanted;
    this.context = context;
    this.style = style;
    this.words = words;
    List<Alert> firing = wanted.in(AlertState.FIRING);
    this.shown = firing.isEmpty() ? wanted.alerts() : firing;
  }

  static Map<String, Object> of(
      Notification wanted, CardContext context, Style style, Locales words) {
    CardData card = new CardData(wanted, context, style, words);
    card.what();
    card.where();
    card.when();
    card.why();
    card.marks();
    card.before();
    card.links();
    return card.data;
  }

  private void what() {
    Severity severity = Severity.worst(shown);
    int count = wanted.isResolved() ? wanted.resolved() : wanted.firing();
    data.put("Status", status());
    data.put("Drill", wanted.isDrill());
    data.put("Sign", Look.sign(severity));
    data.put("Level", severity == Severity.OTHER ? "" : severity.word());
    data.put("Severity", text(wanted.commonLabels().get("severity"), LONGEST_NAME));
    data.put("Name", text(wanted.commonLabels().get("alertname"), LONGEST_NAME));
    data.put("Count", (long) count);
    data.put("Firing", (long) wanted.firing());
    data.put("Resolved", (long) wanted.resolved());
    data.put("Single", isSingle());
    data.put("Incident", wanted.incident());
    data.put("Receiver", text(wanted.receiver(), LONGEST_NAME));
    Labels annotations = wanted.commonAnnotations();
    String summary = annotations.get("summary");
    String description = annotations.get("description");
    boolean same = description.equals(summary);
    data.put("Summary", text(summary.isEmpty() ? description : summary, LONGEST_SUMMARY));
    data.put("Detail", summary.isEmpty() || same ? "" : text(description, LONGEST_SUMMARY));
    data.put("Labels", all(wanted.commonLabels()));
    data.put("Annotations", all(annotations));
  }

  /** The most that is to be said of the whole. */
  private String status() {
    if (wanted.isResolved()) {
      return "resolved";
    }
    List<AlertMark> marks = shown.stream().map(wanted::mark).toList();
    if (marks.stream().allMatch(mark -> mark.flapping() != null)) {
      return "flapping";
    }
    if (marks.stream().allMatch(mark -> !mark.silenced().isEmpty())) {
      return "silenced";
    }
    if (marks.stream().allMatch(AlertMark::isSuppressed)) {
      return "muted";
    }
    return marks.stream().allMatch(mark -> mark.acknowledged() != null) ? "acknowledged" : "firing";
  }

  private boolean isSingle() {
    return wanted.firing() + wanted.resolved() == 1;
  }

  private Map<String, Object> all(Labels labels) {
    Map<String, Object> shown = new LinkedHashMap<>();
    for (int i = 0; i < Math.min(MOST_LABELS, labels.size()); i++) {
      shown.put(labels.name(i), text(labels.value(i), LONGEST_VALUE));
    }
    return shown;
  }

  private void where() {
    List<String> nodes = shown.stream().map(Alert::node).distinct().toList();
    boolean one = nodes.size() == 1 && wanted.firing() <= Notification.MOST_ALERTS;
    data.put("Node", one ? text(nodes.get(0), LONGEST_NAME) : "");
    data.put("Target", isSingle() ? text(target(shown.get(0)), LONGEST_VALUE) : "");
    List<Object> rows = new ArrayList<>();
    List<Alert> listed = wanted.alerts();
    int most = isSingle() ? 0 : Math.min(MOST_ROWS, listed.size());
    listed.subList(0, most).forEach(alert -> rows.add(row(alert)));
    data.put("Rows", rows);
    data.put("More", isSingle() ? 0L : (long) wanted.firing() + wanted.resolved() - most);
  }

  private Map<String, Object> row(Alert alert) {
    boolean over = alert.state() == AlertState.RESOLVED;
    Instant end = alert.resolvedAt();
    AlertMark mark = wanted.mark(alert);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("Status", over ? "resolved" : "firing");
    row.put("Sign", over ? "✅" : Look.sign(Severity.of(alert)));
    boolean titled = wanted.commonLabels().has("alertname");
    row.put("Name", titled && !alert.node().isEmpty() ? "" : text(alert.name(), LONGEST_ROW_NAME));
    row.put("Node", text(alert.node(), LONGEST_ROW_NAME));
    row.put("Target", text(target(alert), LONGEST_ROW_NAME));
    // Of alerts that say different things each says its own.
    String own =
        wanted.commonAnnotations().has("summary") ? "" : alert.annotations().get("summary");
    String reason = own.isEmpty() ? reason(alert) : own;
    row.put("Reason", text(reason, LONGEST_ROW_REASON));
    row.put("Value", value(alert));
    row.put("Since", style.ago(alert.activeAt()));
    row.put("Lasted", end == null ? "" : duration(alert.activeAt(), end));
    row.put("Acknowledged", mark.acknowledged() != null);
    row.put("Silenced", !mark.silenced().isEmpty());
    return row;
  }

  private static String target(Alert alert) {
    String target = alert.target();
    if (!target.isEmpty()) {
      return target;
    }
    String told = newest(alert, "target");
    return told.isEmpty() && alert.labels().has("node") ? "" : told;
  }

  private void when() {
    Alert first = shown.get(0);
    Instant since = isSingle() ? first.activeAt() : wanted.firstChange();
    data.put("Since", style.time(since));
    data.put("SinceAgo", style.ago(since));
    Instant end = wanted.isResolved() ? end() : null;
    data.put("Until", end == null ? "" : style.time(end));
    data.put("Lasted", end == null ? "" : duration(since, end));
  }

  private Instant end() {
    return wanted.alerts().stream()
        .map(Alert::since)
        .max(Comparator.naturalOrder())
        .orElse(wanted.lastChange());
  }

  private void why() {
    Alert first = shown.get(0);
    data.put("Reason", isSingle() ? text(reason(first), LONGEST_REASON) : "");
    Measure measure = isSingle() ? context.measures().of(first).orElse(null) : null;
    boolean limited = measure != null && measure.hasLimit();
    data.put("Value", isSingle() ? value(first) : "");
    data.put("Limit", limited && measure != null ? number(measure.unit(), measure.limit()) : "");
    data.put("Above", measure != null && measure.isAbove());
    List<String> log =
        isSingle() ? newest(first, "log").lines().limit(MOST_LINES).toList() : List.of();
    data.put("Log", style.block(log, LONGEST_LINE));
    data.put("Events", events());
  }

  /** The value where it says something: where it is held against a limit, or has a unit. */
  private String value(Alert alert) {
    return context
        .measures()
        .of(alert)
        .filter(measure -> measure.hasLimit() || !measure.unit().equals(Unit.NONE))
        .map(measure -> number(measure.unit(), alert.value()))
        .orElse("");
  }

  private String number(Unit unit, double value) {
    return text(unit.format(value).replace('.', words.decimalPoint()), LONGEST_NAME);
  }

  /** Why it fired, as the newest event says it. */
  private static String reason(Alert alert) {
    String reason = newest(alert, "reason");
    return reason.isEmpty() ? alert.annotations().get("reason") : reason;
  }

  private static String newest(Alert alert, String field) {
    return alert.events().stream()
        .map(event -> event.field(field))
        .filter(value -> !value.isEmpty())
        .findFirst()
        .orElse("");
  }

  /** The newest of all alerts, oldest first. */
  private List<Object> events() {
    List<Object> lines = new ArrayList<>();
    wanted.alerts().stream()
        .flatMap(alert -> alert.events().stream())
        .distinct()
        .sorted(Comparator.comparing(Event::time).reversed())
        .limit(MOST_EVENTS)
        .sorted(Comparator.comparing(Event::time))
        .forEach(
            event -> {
              Map<String, Object> line = new LinkedHashMap<>();
              boolean old =
                  Duration.between(event.time(), wanted.lastChange()).abs().toHours() >= 20;
              line.put("At", old ? style.time(event.time()) : style.clock(event.time()));
              line.put("Node", text(event.node(), LONGEST_ROW_NAME));
              line.put("Type", text(event.type(), LONGEST_ROW_NAME));
              line.put("Text", text(event.text(), LONGEST_LINE));
              lines.add(line);
            });
    return lines;
  }

  /** Acknowledgement, silence, flapping, what is held back here and what happened quietly. */
  private void marks() {
    AlertMark mark =
        shown.stream()
            .map(wanted::mark)
            .filter(m -> !m.equals(AlertMark.NONE))
            .findFirst()
            .orElse(AlertMark.NONE);
    AlertMark.Acked acked = mark.acknowledged();
    data.put("AckedBy", acked == null ? "" : text(acked.by(), LONGEST_NAME));
    data.put("AckedAt", acked == null ? "" : style.ago(acked.at()));
    data.put("AckNote", acked == null ? "" : text(acked.note(), LONGEST_REASON));
    AlertMark.Silenced silence = mark.silenced().isEmpty() ? null : mark.silenced().get(0);
    data.put("SilencedBy", silence == null ? "" : text(silence.by(), LONGEST_NAME));
    data.put("SilencedUntil", silence == null ? "" : style.ago(silence.until()));
    data.put("SilenceNote", silence == null ? "" : text(silence.comment(), LONGEST_REASON));
    data.put("MutedBy", text(String.join(", ", mark.mutedBy()), LONGEST_VALUE));
    AlertMark.Flapping flapping = mark.flapping();
    data.put("Flaps", flapping == null ? 0L : (long) flapping.times());
    data.put("FlapsSince", flapping == null ? "" : style.time(flapping.since()));
    data.put("FiresNow", flapping == null || flapping.firesNow());
    AlertMark.Reach reach = mark.reach();
    data.put("ReachedBy", reach == null ? "" : text(String.join(", ", reach.by()), LONGEST_VALUE));
    data.put(
        "NotReachedBy", reach == null ? "" : text(String.join(", ", reach.notBy()), LONGEST_VALUE));
    Notes notes = wanted.notes();
    List<Object> held = new ArrayList<>();
    for (Notes.Held each : notes.held().subList(0, Math.min(MOST_LINES, notes.held().size()))) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("Name", text(each.labels().get("alertname"), LONGEST_ROW_NAME));
      row.put("Node", text(each.labels().get("node"), LONGEST_ROW_NAME));
      row.put("Summary", text(each.summary(), LONGEST_ROW_REASON));
      row.put("Resolved", each.resolvedAt() != null);
      held.add(row);
    }
    data.put("Held", held);
    data.put("HeldMore", (long) Math.max(0, notes.heldCount() - held.size()));
    List<Object> lines = new ArrayList<>();
    int size = notes.lines().size();
    for (Notes.Line each : notes.lines().subList(Math.max(0, size - MOST_LINES), size)) {
      Instant until = each.until();
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("Planned", each.kind() == Notes.Line.Kind.PLANNED);
      line.put("At", style.time(each.at()));
      line.put("Lasted", until == null ? "" : duration(each.at(), until));
      line.put("Node", text(each.node(), LONGEST_ROW_NAME));
      line.put("Text", text(each.text(), LONGEST_LINE));
      lines.add(line);
    }
    data.put("History", lines);
  }

  private void before() {
    List<Object> lines = new ArrayList<>();
    for (Change change : Change.of(context.before())) {
      if (lines.size() == MOST_LINES) {
        break;
      }
      Event event = change.event();
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("At", style.ago(event.time()));
      line.put("Kind", change.kind());
      line.put("Text", text(change.what(), LONGEST_LINE));
      line.put("Clean", !event.field("clean").equals("no"));
      line.put("Count", change.count());
      List<String> packages = change.packages();
      int named = Math.min(MOST_PACKAGES, packages.size());
      line.put("Packages", text(String.join(", ", packages.subList(0, named)), LONGEST_VALUE));
      line.put("More", change.count() - named);
      lines.add(line);
    }
    data.put("Before", lines);
  }

  private void links() {
    String base = words.externalUrl();
    Alert first = shown.get(0);
    String graphed =
        context.measures().of(first).map(measure -> measure.graphed().toString()).orElse("");
    data.put("GraphURL", graphed.isEmpty() ? "" : Links.graph(base, graphed));
    data.put("SilenceURL", Links.silence(base, silenced(first)));
    data.put("PageURL", Links.page(base, isSingle() ? first.fingerprint() : ""));
    data.put("RunbookURL", Links.checked(wanted.commonAnnotations().get("runbook_url")));
  }

  /** What the silence of one alert would be asked for; of several what they share. */
  private Labels silenced(Alert first) {
    return isSingle() ? first.labels() : wanted.commonLabels();
  }

  private String text(@Nullable String outside, int most) {
    return outside == null ? "" : style.text(outside, most);
  }

  private static String duration(Instant from, Instant to) {
    Duration took = Duration.between(from, to).truncatedTo(ChronoUnit.SECONDS);
    return took.isNegative() ? "0s" : Durations.format(took);
  }
}
