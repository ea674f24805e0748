package vigie.collector.bot;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import vigie.base.time.Durations;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.StoredEvent;
import vigie.collector.graph.PngGraph;
import vigie.collector.graph.Unit;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.node.Node;
import vigie.collector.notify.discord.DiscordText;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.QueryResult;

/** What only looks. Texts fit a message of 2,000 characters and say what they leave out. */
final class BotLists {
  private static final int MOST = 1_900;
  private static final int MOST_EVENTS = 20;
  private static final int STEPS = 250;
  private static final Duration BEFORE = Duration.ofMinutes(15);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MM-dd HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final Desk desk;
  private final BotActions actions;
  private final Supplier<Words> words;

  BotLists(Desk desk, BotActions actions, Supplier<Words> words) {
    this.desk = desk;
    this.actions = actions;
    this.words = words;
  }

  /** What fires, the worst and newest first; what is pending after it. */
  String alerts() {
    List<Alert> all =
        desk.alerts().get().stream()
            .filter(alert -> alert.state() != AlertState.RESOLVED)
            .sorted(
                Comparator.comparing((Alert a) -> a.state() == AlertState.FIRING ? 0 : 1)
                    .thenComparing(Severity::of)
                    .thenComparing(Alert::since, Comparator.reverseOrder()))
            .toList();
    return all.isEmpty()
        ? words.get().of("Nothing fires.")
        : lines(all.stream().map(this::alert).toList());
  }

  private String alert(Alert alert) {
    StringBuilder line = new StringBuilder();
    line.append(alert.state() == AlertState.FIRING ? "🔥 " : "⏳ ").append(actions.title(alert));
    if (!alert.target().isEmpty()) {
      line.append(' ').append(DiscordText.plain(alert.target(), 60));
    }
    if (!alert.severity().isEmpty()) {
      line.append(" · ").append(DiscordText.plain(alert.severity(), 20));
    }
    line.append(" · ").append(BotActions.time(alert.since()));
    desk.acknowledgements()
        .of(alert.fingerprint())
        .ifPresent(ack -> line.append(" · ✋ ").append(BotActions.name(ack.by())));
    if (!desk.silences().silencing(alert.labels()).isEmpty()) {
      line.append(" · 🔇 ").append(words.get().of("silenced"));
    }
    return line.append(" · `").append(alert.fingerprint()).append('`').toString();
  }

  /** Those that are missed first. */
  String nodes() {
    List<Node> all =
        desk.nodes().get().stream()
            .sorted(
                Comparator.comparing((Node node) -> node.state().isSilent() ? 0 : 1)
                    .thenComparing(Node::name))
            .toList();
    return all.isEmpty()
        ? words.get().of("No node is known.")
        : lines(all.stream().map(this::node).toList());
  }

  private String node(Node node) {
    Instant heard = node.lastHeard();
    return (node.state().isSilent() ? "🔴 " : "🟢 ")
        + "**"
        + DiscordText.plain(node.name(), 60)
        + "** "
        + words.get().of(node.state().word())
        + (heard == null ? "" : " · " + words.get().of("heard {0}", BotActions.time(heard)))
        + (node.version().isEmpty() ? "" : " · " + DiscordText.plain(node.version(), 30));
  }

  private String lines(List<String> all) {
    StringBuilder text = new StringBuilder();
    int shown = 0;
    for (String line : all) {
      if (text.length() + line.length() > MOST) {
        break;
      }
      text.append(line).append('\n');
      shown++;
    }
    if (shown < all.size()) {
      text.append(words.get().of("… and {0} more", all.size() - shown));
    }
    return text.toString();
  }

  /** What the nodes of a card said, from a little before it began. */
  String log(Notification card) {
    List<String> nodes =
        card.alerts().stream().map(Alert::node).filter(n -> !n.isEmpty()).distinct().toList();
    List<Event> events = new ArrayList<>();
    Instant since = card.firstChange().minus(BEFORE);
    for (String node : nodes) {
      events.addAll(search(since, List.of(LabelMatcher.equal("node", node)), ""));
    }
    if (events.isEmpty()) {
      card.alerts().forEach(alert -> events.addAll(alert.events()));
    }
    if (!events.isEmpty()) {
      return block(events);
    }
    String time = BotActions.time(since);
    return nodes.isEmpty()
        ? words.get().of("No events of it since {0}.", time)
        : words
            .get()
            .of("No events of {0} since {1}.", DiscordText.plain(nodes.toString(), 200), time);
  }

  /**
   * The newest events.
   *
   * @throws IllegalArgumentException if the text is no search
   */
  String events(String node, String text, Duration back) {
    List<LabelMatcher> matchers =
        node.isEmpty() ? List.of() : List.of(LabelMatcher.equal("node", node));
    List<Event> events = search(desk.clock().now().minus(back), matchers, text);
    return events.isEmpty()
        ? words.get().of("No events in the last {0}.", Durations.format(back))
        : block(events);
  }

  private List<Event> search(Instant since, List<LabelMatcher> matchers, String text) {
    EventQuery query = new EventQuery(since, Instant.MAX, matchers, text, MOST_EVENTS, "");
    return desk.events().apply(query).events().stream().map(StoredEvent::event).toList();
  }

  /** The newest that fit, the oldest of them first. */
  private static String block(List<Event> events) {
    List<Event> newest = new ArrayList<>(events);
    newest.sort(Comparator.comparing(Event::time).reversed());
    List<String> lines = new ArrayList<>();
    int length = 0;
    for (Event event : newest.subList(0, Math.min(MOST_EVENTS, newest.size()))) {
      String line =
          DiscordText.code(
              TIME.format(event.time())
                  + " "
                  + event.node()
                  + " "
                  + event.type()
                  + " "
                  + event.text(),
              180);
      length += line.length() + 1;
      if (length > MOST) {
        break;
      }
      lines.add(line);
    }
    Collections.reverse(lines);
    return "```\n" + String.join("\n", lines) + "\n```";
  }

  /**
   * An expression over a time.
   *
   * @throws IllegalArgumentException if the expression is wrong
   */
  Reply graph(String text, Duration range) {
    Expr expr = Parser.parse(text);
    long end = desk.clock().millis();
    long start = end - range.toMillis();
    long step = Math.max(1_000, range.toMillis() / STEPS);
    QueryResult result = desk.engine().range(expr, start, end, step);
    if (!(result.value() instanceof QueryResult.Matrix matrix) || matrix.rows().isEmpty()) {
      return Reply.of(
          words.get().of("The expression has no values in the last {0}.", Durations.format(range)));
    }
    List<PngGraph.Line> lines =
        matrix.rows().stream()
            .limit(PngGraph.MOST_SERIES)
            .map(r -> new PngGraph.Line(name(r.labels()), r.timesMillis(), r.values()))
            .toList();
    PngGraph.Options options =
        new PngGraph.Options(text, Unit.NONE, start, end, step, Double.NaN, 0, ZoneOffset.UTC);
    int left = matrix.rows().size() - lines.size();
    String said =
        "`"
            + DiscordText.code(text, 300)
            + "`"
            + (left > 0 ? " " + words.get().of("… and {0} more", left) : "");
    return new Reply(said, PngGraph.draw(lines, options));
  }

  private String name(Labels labels) {
    return labels.isEmpty() ? words.get().of("value") : labels.toString();
  }
}
