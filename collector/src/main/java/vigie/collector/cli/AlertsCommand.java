package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vigie.base.time.Clock;
import vigie.base.time.Durations;

/** {@code collector alerts list | show | report | ack}. */
@Command(
    name = "alerts",
    description = "What burns, and what has.",
    subcommands = {
      AlertsCommand.ListAlerts.class,
      AlertsCommand.Show.class,
      AlertsCommand.Report.class,
      AlertsCommand.Ack.class
    })
final class AlertsCommand {
  /** The states a person may name. */
  enum State {
    pending,
    firing,
    acknowledged,
    silenced,
    inhibited,
    muted,
    flapping,
    resolved,
    all
  }

  @Command(
      name = "list",
      description = {
        "List alerts, the newest state change first. Without --state and --since: all but resolved ones.",
        "States: pending, firing; of those that fire also acknowledged, silenced, inhibited (another alert or"
            + " a node explains them), muted (by a time interval), flapping; resolved."
      },
      footer = {
        "",
        "Examples:",
        "  collector alerts list",
        "  collector alerts list -l node=p1 -l severity=critical -o wide",
        "  collector alerts list --state all --since 24h -o json",
        "  collector alerts list --group-by node",
        "  collector alerts list --fail-on firing && echo all well",
        "  collector alerts list --watch"
      })
  static final class ListAlerts implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Option(
        names = "--state",
        paramLabel = "STATE",
        split = ",",
        description =
            "pending, firing, acknowledged, silenced, inhibited, muted, flapping, resolved or all; may be given several times")
    List<State> states = new ArrayList<>();

    @Option(
        names = "--since",
        paramLabel = "DURATION",
        description = "only what changed since then, such as 24h; resolved ones as well")
    String since = "";

    @Option(
        names = "--group-by",
        paramLabel = "LABEL",
        split = ",",
        description = "put together what has the same value, such as node or severity")
    List<String> groupBy = new ArrayList<>();

    @Option(
        names = "--fail-on",
        paramLabel = "STATE",
        description = "exit with 1 if an alert listed is in this state")
    @Nullable State failOn;

    @Option(
        names = {"-w", "--watch"},
        description = "redraw every two seconds until Ctrl-C")
    boolean watch;

    @Override
    public Integer call() throws InterruptedException {
      Client client = read.client();
      if (!watch) {
        return once(client);
      }
      if (!read.isTable()) {
        throw new CliException(2, "--watch draws a table; leave out -o " + read.format);
      }
      new Watch(read.out(), Duration.ofSeconds(2))
          .run(
              client.url(),
              into -> {
                read.to(into);
                once(client);
              });
      return 0;
    }

    private int once(Client client) {
      Client.Parameters parameters = new Client.Parameters().addAll("filter", read.matchers);
      if (states.isEmpty() && since.isEmpty()) {
        parameters.add("state", "active");
      } else if (!states.contains(State.all)) {
        states.forEach(state -> parameters.add("state", state.name()));
      }
      if (!since.isEmpty()) {
        duration(since);
        parameters.add("since", since);
      }
      JsonNode answer = client.get("/api/vigie/alerts", parameters);
      List<JsonNode> alerts = new ArrayList<>();
      answer.path("alerts").forEach(alerts::add);
      if (!groupBy.isEmpty()) {
        alerts.sort(Comparator.comparing(this::group)); // stable: the newest first in each
      }
      read.print(
          table(alerts),
          JsonNodeFactory.instance.arrayNode().addAll(alerts),
          "no alerts: all well");
      if (read.isTable()) {
        pendingCards(client);
      }
      State bad = failOn;
      boolean failed =
          bad != null
              && alerts.stream().anyMatch(a -> bad == State.all || status(a).equals(bad.name()));
      return failed ? 1 : 0;
    }

    private static String status(JsonNode alert) {
      return alert.path("status").asText();
    }

    /** What the alert has in the labels to group by, as it is shown. */
    private String group(JsonNode alert) {
      List<String> values = new ArrayList<>();
      for (String label : groupBy) {
        String value = alert.path("labels").path(label).asText();
        String shown =
            value.isEmpty() && label.equals("node") ? alert.path("node").asText() : value;
        values.add(shown.isEmpty() ? "-" : shown);
      }
      return String.join(" ", values);
    }

    private Table table(List<JsonNode> alerts) {
      List<String> header =
          new ArrayList<>(
              List.of("STATE", "SEVERITY", "ALERT", "NODE", "TARGET", "SINCE", "SUMMARY"));
      if (!groupBy.isEmpty()) {
        header.add(0, "GROUP");
      }
      if (read.wide()) {
        header.addAll(List.of("VALUE", "RECEIVER", "CARD", "RULE", "ID"));
      }
      Table table = new Table(header);
      String before = "";
      for (JsonNode alert : alerts) {
        List<String> row = new ArrayList<>();
        if (!groupBy.isEmpty()) {
          String group = group(alert);
          // In a table for people each group is named once; a program finds it in each row.
          row.add(group.equals(before) && read.isTable() ? "" : group);
          before = group;
        }
        row.add(status(alert));
        for (String field : List.of("severity", "alert", "node", "target")) {
          row.add(dash(alert.path(field).asText()));
        }
        row.add(Times.full(alert.path("since").asText()));
        row.add(alert.path("summary").asText());
        if (read.wide()) {
          row.add(alert.path("value").asText());
          row.add(joined(alert.path("receivers")));
          row.add(dash(alert.path("card").asText()));
          row.add(dash(alert.path("rule").asText()));
          row.add(alert.path("id").asText());
        }
        table.add(row);
      }
      return table;
    }

    /** One line where something that is due has not reached its receiver. */
    private void pendingCards(Client client) {
      JsonNode outbox = client.get("/api/vigie/outbox", new Client.Parameters());
      JsonNode cards = outbox.path("pending");
      if (!cards.isEmpty()) {
        JsonNode oldest = cards.get(0);
        JsonNode trouble = outbox.path("trouble");
        String error =
            (trouble.isObject() ? trouble.path("cause") : oldest.path("lastError")).asText();
        read.out()
            .println(
                cards.size()
                    + (cards.size() == 1 ? " card" : " cards")
                    + " pending"
                    + (error.isEmpty() ? "" : ", " + Table.printable(error))
                    + " since "
                    + Times.full((trouble.isObject() ? trouble : oldest).path("since").asText()));
        read.out().flush();
      }
    }
  }

  @Command(
      name = "show",
      description = "Everything about one alert: labels, annotations, times, events.",
      footer = {
        "",
        "Example:",
        "  collector alerts show 5f2a   (the first digits of an id of alerts list -o wide, or an alert's name)"
      })
  static final class Show implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Parameters(paramLabel = "ID", description = "the alert's id, its first digits, or its name")
    String id = "";

    @Override
    public Integer call() {
      Client client = read.client();
      JsonNode alert = client.get("/api/vigie/alerts/" + idOf(client, id), new Client.Parameters());
      if (read.printData(alert)) {
        return 0;
      }
      PrintWriter out = read.out();
      out.println(
          alert.path("alert").asText()
              + " is "
              + alert.path("status").asText()
              + ": "
              + Table.printable(alert.path("summary").asText()));
      Instant now = Clock.system().now();
      for (String time : List.of("activeAt", "firedAt", "resolvedAt", "knownAt")) {
        if (!alert.path(time).isNull() && !alert.path(time).isMissingNode()) {
          String text = alert.path(time).asText();
          out.printf("  %-12s %s (%s ago)%n", time, Times.withZone(text), Times.ago(text, now));
        }
      }
      for (String field : List.of("value", "rule", "card", "id")) {
        if (!alert.path(field).asText().isEmpty()) {
          out.printf("  %-12s %s%n", field, Table.printable(alert.path(field).asText()));
        }
      }
      list(out, "receivers", alert.path("receivers"));
      list(out, "silenced by", alert.path("silencedBy"));
      list(out, "inhibited by", alert.path("inhibitedBy"));
      list(out, "muted by", alert.path("mutedBy"));
      map(out, "labels", alert.path("labels"));
      map(out, "annotations", alert.path("annotations"));
      story(out, alert);
      events(
          out,
          "around that time on " + Table.printable(alert.path("node").asText()),
          alert.path("around"));
      out.flush();
      return 0;
    }

    /** What happened, was done and was sent, and the events, in the order of their times. */
    private static void story(PrintWriter out, JsonNode alert) {
      record Line(String at, String text, JsonNode event) {}
      List<Line> lines = new ArrayList<>();
      for (JsonNode entry : alert.path("history")) {
        lines.add(new Line(entry.path("at").asText(), told(entry), entry));
      }
      for (JsonNode event : alert.path("events")) {
        String text =
            event.path("severity").asText()
                + " "
                + event.path("type").asText()
                + " "
                + event.path("text").asText();
        lines.add(new Line(event.path("time").asText(), "event         " + text, event));
      }
      if (lines.isEmpty()) {
        return;
      }
      lines.sort(Comparator.comparing(Line::at));
      out.println("what happened");
      for (Line line : lines) {
        out.println("  " + Times.full(line.at) + "  " + Table.printable(line.text));
        log(out, line.event);
      }
    }

    /** One entry of the history: what, who, and in whose words. */
    private static String told(JsonNode entry) {
      StringBuilder line =
          new StringBuilder(String.format(Locale.ROOT, "%-13s", entry.path("kind").asText()));
      for (String field : List.of("who", "text", "ref")) {
        String text = entry.path(field).asText();
        if (!text.isEmpty()) {
          line.append(' ').append(field.equals("ref") ? "(" + text + ")" : text);
        }
      }
      return line.toString().stripTrailing();
    }

    private static void list(PrintWriter out, String title, JsonNode list) {
      if (!list.isEmpty()) {
        out.printf("  %-12s %s%n", title, Table.printable(joined(list)));
      }
    }

    /** Each with the last lines that its unit logged, where it tells them. */
    private static void events(PrintWriter out, String title, JsonNode events) {
      if (events.isEmpty()) {
        return;
      }
      out.println(title);
      for (JsonNode event : events) {
        out.println("  " + EventsCommand.line(event));
        log(out, event);
      }
    }

    private static void log(PrintWriter out, JsonNode event) {
      event
          .path("fields")
          .path("log")
          .asText()
          .lines()
          .forEach(line -> out.println("    | " + Table.printable(line)));
    }

    private static void map(PrintWriter out, String title, JsonNode map) {
      if (!map.isEmpty()) {
        out.println(title);
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
          out.println("  " + entry.getKey() + "=" + Table.printable(entry.getValue().asText()));
        }
      }
    }
  }

  @Command(
      name = "ack",
      description = {
        "Take a firing alert on: its card says so and nobody else is called for it. It lasts until the alert"
            + " is resolved, also over a restart of the collector."
      },
      footer = {
        "",
        "Examples:",
        "  collector alerts ack 5f2a --note 'on my way'",
        "  collector alerts ack NodeSilent --by ada",
        "  collector alerts ack 5f2a --withdraw"
      })
  static final class Ack implements Callable<Integer> {
    @Mixin Printing print = new Printing();

    @Parameters(
        arity = "1..*",
        paramLabel = "ID",
        description = "an alert's id, its first digits, or its name")
    List<String> ids = List.of();

    @Option(names = "--note", paramLabel = "TEXT", description = "what the others should know")
    String note = "";

    @Option(
        names = "--by",
        paramLabel = "NAME",
        description = "who takes it on (default: the user of this system)")
    String by = System.getProperty("user.name", "");

    @Option(names = "--withdraw", description = "take it back")
    boolean withdraw;

    @Override
    public Integer call() {
      Client client = print.client();
      ArrayNode done = JsonNodeFactory.instance.arrayNode();
      Table table = new Table(List.of("ALERT", "NODE", "ID", "BY"));
      for (String id : ids) {
        String path = "/api/vigie/alerts/" + idOf(client, id) + "/ack";
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("by", by).put("note", note);
        String taken = path + new Client.Parameters().add("by", by);
        JsonNode alert =
            withdraw ? client.send("DELETE", taken, body) : client.send("POST", path, body);
        done.add(alert);
        table.add(
            List.of(
                alert.path("alert").asText(),
                alert.path("node").asText(),
                alert.path("id").asText(),
                withdraw ? "-" : by));
      }
      print.print(table, done, "");
      return 0;
    }
  }

  @Command(
      name = "report",
      description = {
        "An incident report in Markdown: when, who, cause, corrective action, timeline, events.",
        "Of the last time that the alert fired; also of one that is over, by its whole id."
      },
      footer = {"", "Example:", "  collector alerts report 5f2a --zone Europe/Paris > incident.md"})
  static final class Report implements Callable<Integer> {
    @Mixin Printing print = new Printing();

    @Parameters(paramLabel = "ID", description = "the alert's id, its first digits, or its name")
    String id = "";

    @Option(names = "--zone", paramLabel = "ZONE", description = "of its times (default: UTC)")
    String zone = "";

    @Option(names = "--lang", paramLabel = "LANG", description = "en (default) or fr")
    String lang = "";

    @Override
    public Integer call() {
      Client client = print.client();
      Client.Parameters how = new Client.Parameters().add("zone", zone).add("lang", lang);
      print.out().print(client.text("/api/vigie/alerts/" + idOf(client, id) + "/report", how));
      print.out().flush();
      return 0;
    }
  }

  /** An alert's name is an id too, where only one is called so. */
  private static String idOf(Client client, String id) {
    if (id.matches("[0-9a-f]{16}")) {
      return id; // also of one that only the history knows
    }
    List<String> called = new ArrayList<>();
    for (JsonNode alert : client.get("/api/vigie/alerts", new Client.Parameters()).path("alerts")) {
      if (alert.path("alert").asText().equals(id)) {
        called.add(alert.path("id").asText());
      }
    }
    if (called.size() == 1) {
      return called.get(0);
    }
    if (called.size() > 1) {
      throw new CliException(
          1,
          called.size()
              + " alerts are called \""
              + id
              + "\": "
              + String.join(", ", called.subList(0, Math.min(5, called.size())))
              + (called.size() > 5 ? ", …" : "")
              + "; name one by the first digits of its id");
    }
    if (!id.matches("[0-9a-f]{1,16}")) {
      throw new CliException(
          1,
          "no alert has the id or name \""
              + id
              + "\"; see collector alerts list --state all -o wide");
    }
    return id;
  }

  private static String dash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  private static String joined(JsonNode texts) {
    List<String> all = new ArrayList<>();
    texts.forEach(text -> all.add(text.asText()));
    return String.join(",", all);
  }

  static Duration duration(String text) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CliException(2, String.valueOf(e.getMessage()));
    }
  }
}
