package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vigie.base.time.Clock;
import vigie.base.time.Durations;

/** {@code collector alerts list | show}. */
@Command(
    name = "alerts",
    description = "What burns, and what has.",
    subcommands = {AlertsCommand.ListAlerts.class, AlertsCommand.Show.class})
final class AlertsCommand {
  /** The states a person may name. */
  enum State {
    pending,
    firing,
    resolved,
    all
  }

  @Command(
      name = "list",
      description =
          "List alerts, the newest state change first. Without --state: pending and firing ones.",
      footer = {
        "",
        "Examples:",
        "  collector alerts list",
        "  collector alerts list -l node=p1 -l severity=critical -o wide",
        "  collector alerts list --state all --since 24h -o json",
        "  collector alerts list --fail-on firing && echo all well",
        "  collector alerts list --watch"
      })
  static final class ListAlerts implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Option(
        names = "--state",
        paramLabel = "STATE",
        description = "pending, firing, resolved or all; may be given several times")
    List<State> states = new ArrayList<>();

    @Option(
        names = "--since",
        paramLabel = "DURATION",
        description = "only what changed since then, such as 24h")
    String since = "";

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
      Ticker ticker = new Ticker(Duration.ofSeconds(2));
      while (true) {
        PrintWriter out = read.out();
        // Home, then clear to the end: no flicker, unlike clearing first.
        out.print("\u001b[H\u001b[J");
        out.println(client.url() + "  " + Times.withZone(Clock.system().now().toString()) + "\n");
        try {
          once(client);
        } catch (CliException e) {
          out.println(e.getMessage());
        }
        out.flush();
        ticker.await();
      }
    }

    private int once(Client client) {
      Client.Parameters parameters = new Client.Parameters().addAll("filter", read.matchers);
      List<State> wanted = states.isEmpty() ? List.of(State.pending, State.firing) : states;
      if (!wanted.contains(State.all)) {
        wanted.forEach(state -> parameters.add("state", state.name()));
      }
      List<JsonNode> alerts = new ArrayList<>();
      Instant now = Clock.system().now();
      Instant earliest = since.isEmpty() ? Instant.MIN : now.minus(duration(since));
      JsonNode answer = client.get("/api/vigie/alerts", parameters);
      for (JsonNode alert : answer.path("alerts")) {
        if (!Instant.parse(alert.path("since").asText()).isBefore(earliest)) {
          alerts.add(alert);
        }
      }
      read.print(
          table(alerts),
          com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.arrayNode().addAll(alerts),
          "no alerts: all well");
      if (read.format == ReadOptions.Format.table || read.format == ReadOptions.Format.wide) {
        pendingCards(client);
      }
      State bad = failOn;
      boolean failed =
          bad != null
              && alerts.stream()
                  .anyMatch(a -> bad == State.all || a.path("state").asText().equals(bad.name()));
      return failed ? 1 : 0;
    }

    private Table table(List<JsonNode> alerts) {
      List<String> header =
          new ArrayList<>(
              List.of("STATE", "SEVERITY", "ALERT", "NODE", "TARGET", "SINCE", "SUMMARY"));
      if (read.wide()) {
        header.addAll(List.of("VALUE", "RECEIVER", "RULE", "ID"));
      }
      Table table = new Table(header);
      for (JsonNode alert : alerts) {
        List<String> row = new ArrayList<>();
        for (String field : List.of("state", "severity", "alert", "node", "target")) {
          String text = alert.path(field).asText();
          row.add(text.isEmpty() ? "-" : text);
        }
        row.add(Times.full(alert.path("since").asText()));
        row.add(alert.path("summary").asText());
        if (read.wide()) {
          List<String> receivers = new ArrayList<>();
          alert.path("receivers").forEach(r -> receivers.add(r.asText()));
          row.add(alert.path("value").asText());
          row.add(String.join(",", receivers));
          row.add(alert.path("rule").asText());
          row.add(alert.path("id").asText());
        }
        table.add(row);
      }
      return table;
    }

    /** One line where something that is due has not reached its receiver. */
    private void pendingCards(Client client) {
      JsonNode cards = client.get("/api/vigie/outbox", new Client.Parameters()).path("pending");
      if (!cards.isEmpty()) {
        JsonNode oldest = cards.get(0);
        String error = oldest.path("lastError").asText();
        read.out()
            .println(
                cards.size()
                    + (cards.size() == 1 ? " card" : " cards")
                    + " pending"
                    + (error.isEmpty() ? "" : ": " + Table.printable(error))
                    + ", since "
                    + Times.full(oldest.path("since").asText()));
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
      JsonNode alert = client.get("/api/vigie/alerts/" + idOf(client), new Client.Parameters());
      if (read.printData(alert)) {
        return 0;
      }
      PrintWriter out = read.out();
      out.println(
          alert.path("alert").asText()
              + " is "
              + alert.path("state").asText()
              + ": "
              + Table.printable(alert.path("summary").asText()));
      Instant now = Clock.system().now();
      for (String time : List.of("activeAt", "firedAt", "resolvedAt", "knownAt")) {
        if (!alert.path(time).isNull()) {
          String text = alert.path(time).asText();
          out.printf("  %-12s %s (%s ago)%n", time, Times.withZone(text), Times.ago(text, now));
        }
      }
      out.printf("  %-12s %s%n", "value", alert.path("value").asText());
      out.printf("  %-12s %s%n", "rule", alert.path("rule").asText());
      out.printf("  %-12s %s%n", "id", alert.path("id").asText());
      map(out, "labels", alert.path("labels"));
      map(out, "annotations", alert.path("annotations"));
      events(out, "events, newest first", alert.path("events"));
      events(
          out,
          "around that time on " + Table.printable(alert.path("node").asText()),
          alert.path("around"));
      out.flush();
      return 0;
    }

    /** An alert's name is an id too, where only one is called so. */
    private String idOf(Client client) {
      for (JsonNode alert :
          client.get("/api/vigie/alerts", new Client.Parameters()).path("alerts")) {
        if (alert.path("alert").asText().equals(id)) {
          return alert.path("id").asText();
        }
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

    /** Each with the last lines that its unit logged, where it tells them. */
    private static void events(PrintWriter out, String title, JsonNode events) {
      if (events.isEmpty()) {
        return;
      }
      out.println(title);
      for (JsonNode event : events) {
        out.println("  " + EventsCommand.line(event));
        event
            .path("fields")
            .path("log")
            .asText()
            .lines()
            .forEach(line -> out.println("    | " + Table.printable(line)));
      }
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

  static Duration duration(String text) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CliException(2, String.valueOf(e.getMessage()));
    }
  }
}
