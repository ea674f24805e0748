package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import vigie.base.time.Durations;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Predecessor;

/**
 * Draws a notification as a message with one embed. The longest pieces together stay below 6,000
 * code points, which is the most for all embeds of a message. Source: Discord's message resource,
 * embed limits.
 */
final class DiscordCard {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int LONGEST_NAME = 80;
  private static final int LONGEST_VALUE = 200;
  private static final int LONGEST_REASON = 600;
  private static final int LONGEST_SUMMARY = 1_000;
  private static final int LONGEST_EVENT = 180;
  private static final int LONGEST_ROW_REASON = 90;
  private static final int LONGEST_ROW_NAME = 50;
  private static final int MOST_EVENTS = 5;
  private static final int MOST_ROWS = 8;

  private static final int GREEN = 0x2e9e5b;
  private static final int RED = 0xd83a3a;
  private static final int ORANGE = 0xe8912d;
  private static final int BLUE = 0x3b82d0;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter DAY_AND_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final Notification wanted;
  private final List<Alert> shown;
  private final Severity severity;

  private DiscordCard(Notification wanted) {
    this.wanted = wanted;
    List<Alert> firing = wanted.in(AlertState.FIRING);
    this.shown = firing.isEmpty() ? wanted.alerts() : firing;
    this.severity =
        shown.stream()
            .map(alert -> Severity.of(alert.labels().get("severity")))
            .min(Comparator.naturalOrder())
            .orElse(Severity.OTHER);
  }

  /** The body of a post or an edit: it names every part, so that an edit leaves nothing old. */
  static ObjectNode message(Delivery delivery) {
    DiscordCard card = new DiscordCard(delivery.wanted());
    ObjectNode message = JSON.objectNode();
    boolean words = delivery.reduction() >= Delivery.MOST_REDUCTION;
    message.put("content", words ? card.bareTitle() + ". " + card.lessThanAll() : "");
    ArrayNode embeds = message.putArray("embeds");
    if (!words) {
      embeds.add(delivery.reduction() == 0 ? card.whole() : card.reduced());
      String footer = "Vigie · incident " + card.wanted.incident() + past(delivery.predecessor());
      ((ObjectNode) embeds.get(0)).putObject("footer").put("text", footer);
    }
    // On every edit, too: without it Discord looks for mentions again.
    message.putObject("allowed_mentions").putArray("parse");
    return message;
  }

  private static String past(Predecessor predecessor) {
    return switch (predecessor) {
      case NONE -> "";
      case PERHAPS ->
          " · this card may replace one posted before it, whose confirmation never arrived";
      case GONE -> " · this card replaces one that was deleted or is in another channel";
    };
  }

  private ObjectNode whole() {
    ObjectNode embed = embed(title());
    boolean single = wanted.firing() + wanted.resolved() == 1;
    String summary = DiscordText.plain(summary(), LONGEST_SUMMARY);
    String rows = single ? "" : rows();
    String description = summary + (summary.isEmpty() || rows.isEmpty() ? "" : "\n\n") + rows;
    if (!description.isEmpty()) {
      embed.put("description", description);
    }
    ArrayNode fields = embed.putArray("fields");
    Alert first = shown.get(0);
    field(fields, "Node", node(), LONGEST_VALUE, true);
    if (single) {
      field(fields, "Target", target(first), LONGEST_VALUE, true);
    }
    field(fields, "Severity", wanted.commonLabels().get("severity"), LONGEST_NAME, true);
    if (single) {
      field(fields, "Reason", reason(first), LONGEST_REASON, false);
      String said = said(first);
      if (!said.isEmpty()) {
        raw(fields, "Its last lines", "```\n" + said + "```", false);
      }
    } else {
      raw(fields, "Alerts", counts(), true);
    }
    Instant since = single ? first.activeAt() : wanted.firstChange();
    raw(fields, "Since", time(since, "f") + " (" + time(since, "R") + ")", true);
    if (wanted.isResolved()) {
      Instant end = end();
      raw(fields, "Until", time(end, "f"), true);
      raw(fields, "Lasted", duration(since, end), true);
    }
    String events = events();
    if (!events.isEmpty()) {
      raw(fields, "Last events", "```\n" + events + "```", false);
    }
    return embed;
  }

  private ObjectNode reduced() {
    ObjectNode embed = embed(bareTitle());
    ArrayNode fields = embed.putArray("fields");
    raw(fields, "Alerts", counts(), true);
    raw(fields, "Since", time(wanted.firstChange(), "f"), true);
    embed.put("description", lessThanAll());
    return embed;
  }

  private String lessThanAll() {
    return "Discord refused the whole card; the collector has the rest: collector alerts list";
  }

  private ObjectNode embed(String title) {
    return JSON.objectNode()
        .put("title", title)
        .put("color", wanted.isResolved() ? GREEN : severity.colour)
        .put("timestamp", wanted.lastChange().truncatedTo(ChronoUnit.MILLIS).toString());
  }

  private String title() {
    String name = DiscordText.plain(wanted.commonLabels().get("alertname"), LONGEST_NAME);
    String node = DiscordText.plain(node(), LONGEST_NAME);
    int count = wanted.isResolved() ? wanted.resolved() : wanted.firing();
    String several = count == 1 ? "" : count + " alerts";
    String what = name.isEmpty() ? (several.isEmpty() ? "alert" : several) : name;
    return state()
        + ": "
        + what
        + (node.isEmpty() ? "" : " on " + node)
        + (name.isEmpty() || several.isEmpty() ? "" : " (" + several + ")");
  }

  private String bareTitle() {
    String name = DiscordText.bare(wanted.commonLabels().get("alertname"), LONGEST_NAME);
    return state() + ": " + (name.isEmpty() ? counts() : name);
  }

  private String state() {
    return wanted.isResolved() ? "✅ Resolved" : severity.sign + " FIRING";
  }

  private String counts() {
    return wanted.isResolved()
        ? wanted.resolved() + " over"
        : wanted.firing()
            + " firing"
            + (wanted.resolved() == 0 ? "" : ", " + wanted.resolved() + " over");
  }

  private String summary() {
    String summary = wanted.commonAnnotations().get("summary");
    String description = wanted.commonAnnotations().get("description");
    return summary.isEmpty() || description.equals(summary)
        ? description
        : description.isEmpty() ? summary : summary + " — " + description;
  }

  private String rows() {
    StringBuilder rows = new StringBuilder();
    List<Alert> listed = wanted.alerts();
    for (Alert alert : listed.subList(0, Math.min(MOST_ROWS, listed.size()))) {
      rows.append(row(alert)).append('\n');
    }
    int more = wanted.firing() + wanted.resolved() - Math.min(MOST_ROWS, listed.size());
    if (more > 0) {
      rows.append("… and ").append(more).append(" more\n");
    }
    return rows.toString();
  }

  private String row(Alert alert) {
    boolean over = alert.state() == AlertState.RESOLVED;
    StringBuilder row = new StringBuilder(over ? "✅" : Severity.of(alert).sign);
    row.append(" **").append(DiscordText.plain(alert.name(), LONGEST_ROW_NAME)).append("**");
    for (String part : List.of(node(alert), target(alert))) {
      if (!part.isEmpty()) {
        row.append(' ').append(DiscordText.plain(part, LONGEST_ROW_NAME));
      }
    }
    Instant resolvedAt = alert.resolvedAt();
    if (resolvedAt != null) {
      return row.append(" · lasted ").append(duration(alert.activeAt(), resolvedAt)).toString();
    }
    String reason = reason(alert);
    if (!reason.isEmpty()) {
      row.append(" · ").append(DiscordText.plain(reason, LONGEST_ROW_REASON));
    }
    return row.append(" · ").append(time(alert.activeAt(), "R")).toString();
  }

  /** The node that all share; empty where they don't. */
  private String node() {
    List<String> nodes = shown.stream().map(DiscordCard::node).distinct().toList();
    return nodes.size() == 1 && wanted.firing() <= Notification.MOST_ALERTS ? nodes.get(0) : "";
  }

  private static String node(Alert alert) {
    String node = alert.labels().get("node");
    if (!node.isEmpty()) {
      return node;
    }
    String instance = alert.labels().get("instance");
    int colon = instance.lastIndexOf(':');
    return colon < 0 || instance.endsWith("]") ? instance : instance.substring(0, colon);
  }

  private static String target(Alert alert) {
    String target = alert.labels().get("target");
    return !target.isEmpty()
        ? target
        : alert.events().stream()
            .map(event -> event.field("target"))
            .filter(field -> !field.isEmpty())
            .findFirst()
            .orElse(alert.labels().get("instance"));
  }

  /** Why it fired, as the newest event that gives a reason says it. */
  private static String reason(Alert alert) {
    return alert.events().stream()
        .map(event -> event.field("reason"))
        .filter(field -> !field.isEmpty())
        .findFirst()
        .orElse(alert.annotations().get("reason"));
  }

  /** What the unit logged before it crashed, as the newest event that has it gives it. */
  private static String said(Alert alert) {
    String log =
        alert.events().stream()
            .map(event -> event.field("log"))
            .filter(field -> !field.isEmpty())
            .findFirst()
            .orElse("");
    StringBuilder lines = new StringBuilder();
    log.lines()
        .limit(MOST_EVENTS)
        .forEach(line -> lines.append(DiscordText.code(line, LONGEST_EVENT)).append('\n'));
    return lines.toString();
  }

  /** The newest lines of all shown alerts, oldest first. */
  private String events() {
    List<Event> newest =
        wanted.alerts().stream()
            .flatMap(alert -> alert.events().stream())
            .distinct()
            .sorted(Comparator.comparing(Event::time).reversed())
            .limit(MOST_EVENTS)
            .sorted(Comparator.comparing(Event::time))
            .toList();
    StringBuilder lines = new StringBuilder();
    for (Event event : newest) {
      boolean old = Duration.between(event.time(), wanted.lastChange()).abs().toHours() >= 20;
      String line =
          (old ? DAY_AND_TIME : TIME).format(event.time())
              + " "
              + event.node()
              + " "
              + event.type()
              + " "
              + event.text();
      lines.append(DiscordText.code(line, LONGEST_EVENT)).append('\n');
    }
    return lines.toString();
  }

  private Instant end() {
    return wanted.alerts().stream()
        .map(Alert::since)
        .max(Comparator.naturalOrder())
        .orElse(wanted.lastChange());
  }

  private static String duration(Instant from, Instant to) {
    Duration took = Duration.between(from, to).truncatedTo(ChronoUnit.SECONDS);
    return took.isNegative() ? "0s" : Durations.format(took);
  }

  /** Shown in each reader's own time zone; style f is a full date, R is relative and moves on. */
  private static String time(Instant at, String style) {
    return "<t:" + at.getEpochSecond() + ":" + style + ">";
  }

  private static void field(ArrayNode fields, String name, String value, int most, boolean inline) {
    raw(fields, name, DiscordText.plain(value, most), inline);
  }

  private static void raw(ArrayNode fields, String name, String value, boolean inline) {
    if (!value.isEmpty()) {
      fields.addObject().put("name", name).put("value", value).put("inline", inline);
    }
  }

  /** From the worst on. */
  private enum Severity {
    CRITICAL("🔴", RED),
    WARNING("🟠", ORANGE),
    OTHER("🟠", ORANGE),
    INFO("🔵", BLUE);

    private final String sign;
    private final int colour;

    Severity(String sign, int colour) {
      this.sign = sign;
      this.colour = colour;
    }

    static Severity of(Alert alert) {
      return of(alert.labels().get("severity"));
    }

    static Severity of(String label) {
      return switch (label.toLowerCase(Locale.ROOT)) {
        case "critical", "crit", "page", "emergency", "alert", "error", "high", "major" -> CRITICAL;
        case "warning", "warn", "minor", "medium" -> WARNING;
        case "info", "notice", "low", "none", "informational" -> INFO;
        default -> OTHER;
      };
    }
  }
}
