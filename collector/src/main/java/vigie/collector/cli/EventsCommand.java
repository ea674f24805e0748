package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code collector events tail | search | show | parse}. */
@Command(
    name = "events",
    description = "What happened on the nodes.",
    subcommands = {
      EventsCommand.Search.class,
      EventsCommand.Tail.class,
      EventsCommand.Show.class,
      ParseCommand.class
    })
final class EventsCommand {
  /** One event as a line: time, severity, node, type, text. */
  static String line(JsonNode event) {
    return Times.full(event.path("time").asText())
        + "  "
        + String.format("%-7s", event.path("severity").asText())
        + "  "
        + Table.printable(event.path("node").asText())
        + "  "
        + Table.printable(event.path("type").asText())
        + "  "
        + Table.printable(event.path("text").asText());
  }

  /** Syslog's. */
  enum Severity {
    emerg,
    alert,
    crit,
    err,
    warning,
    notice,
    info,
    debug
  }

  /** What to look for; the same for search and tail. */
  static final class Filter {
    @Option(names = "--node", paramLabel = "NODE", description = "only of this node")
    String node = "";

    @Option(
        names = "--type",
        paramLabel = "TYPE",
        description = "only of this type, such as probe.down")
    String type = "";

    @Option(
        names = "--severity",
        paramLabel = "NAME",
        description =
            "only of this severity: emerg, alert, crit, err, warning, notice, info, debug")
    @Nullable Severity severity;

    Client.Parameters parameters(ReadOptions read) {
      List<String> filters = new ArrayList<>(read.matchers);
      for (String[] pair :
          new String[][] {
            {"node", node}, {"type", type}, {"severity", severity == null ? "" : severity.name()}
          }) {
        if (!pair[1].isEmpty()) {
          filters.add(ReadOptions.equal(pair[0], pair[1]));
        }
      }
      return new Client.Parameters().addAll("filter", filters);
    }
  }

  private static Table table(ReadOptions read, List<JsonNode> events) {
    List<String> header = new ArrayList<>(List.of("TIME", "SEVERITY", "NODE", "TYPE", "TEXT"));
    if (read.wide()) {
      header.addAll(List.of("RECEIVED", "ID"));
    }
    Table table = new Table(header);
    for (JsonNode event : events) {
      List<String> row = new ArrayList<>();
      row.add(Times.full(event.path("time").asText()));
      for (String field : List.of("severity", "node", "type", "text")) {
        row.add(event.path(field).asText());
      }
      if (read.wide()) {
        row.add(Times.full(event.path("received").asText()));
        row.add(event.path("id").asText());
      }
      table.add(row);
    }
    return table;
  }

  @Command(
      name = "search",
      description = "Search events, newest first.",
      footer = {
        "",
        "Examples:",
        "  collector events search --node p1 --since 2h",
        "  collector events search 'connection refused' --type probe.down -o json",
        "  collector events search -l probe=calculatrice --limit 1000"
      })
  static final class Search implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();
    @Mixin Filter filter = new Filter();

    @Parameters(
        arity = "0..1",
        paramLabel = "TEXT",
        description = "words that must all be in the text")
    String text = "";

    @Option(
        names = "--since",
        paramLabel = "TIME",
        description = "from then on: 2h (back from now) or 2026-11-21T12:00:00Z")
    String since = "";

    @Option(names = "--until", paramLabel = "TIME", description = "before then")
    String until = "";

    @Option(
        names = "--limit",
        paramLabel = "N",
        description = "at most so many (default: 100, most 10000)")
    int limit = 100;

    @Override
    public Integer call() {
      JsonNode answer =
          read.client()
              .get(
                  "/api/vigie/events",
                  filter
                      .parameters(read)
                      .add("q", text)
                      .add("since", since)
                      .add("until", until)
                      .add("limit", Integer.toString(limit)));
      List<JsonNode> events = new ArrayList<>();
      answer.path("events").forEach(events::add);
      read.print(table(read, events), answer.path("events"), "no events");
      return events.isEmpty() ? 1 : 0;
    }
  }

  @Command(
      name = "tail",
      description = "The newest events, oldest of them first; with -f go on as they come.",
      footer = {"", "Example:", "  collector events tail -f --node p1"})
  static final class Tail implements Callable<Integer> {
    private static final int REMEMBERED = 10_000;
    @Mixin ReadOptions read = new ReadOptions();
    @Mixin Filter filter = new Filter();

    @Option(
        names = {"-f", "--follow"},
        description = "go on until Ctrl-C")
    boolean follow;

    @Option(
        names = {"-n", "--lines"},
        paramLabel = "N",
        description = "so many at first (default: 10)")
    int lines = 10;

    @Override
    public Integer call() throws InterruptedException {
      Client client = read.client();
      Set<String> seen = new HashSet<>();
      Ticker ticker = new Ticker(Duration.ofSeconds(1));
      int limit = Math.max(1, lines);
      while (true) {
        List<JsonNode> fresh = new ArrayList<>();
        JsonNode answer =
            client.get(
                "/api/vigie/events", filter.parameters(read).add("limit", Integer.toString(limit)));
        for (JsonNode event : answer.path("events")) {
          if (seen.add(event.path("id").asText())) {
            fresh.add(event);
          }
        }
        Collections.reverse(fresh);
        PrintWriter out = read.out();
        for (JsonNode event : fresh) {
          out.println(read.format == ReadOptions.Format.json ? event.toString() : line(event));
        }
        out.flush();
        if (!follow) {
          return 0;
        }
        if (seen.size() > REMEMBERED) {
          // The last answer's ids are all that a next answer can repeat.
          seen.clear();
          answer.path("events").forEach(event -> seen.add(event.path("id").asText()));
        }
        limit = 1000;
        ticker.await();
      }
    }
  }

  @Command(
      name = "show",
      description = "Everything about one event.",
      footer = {"", "Example:", "  collector events show ID   (ids: events search -o wide)"})
  static final class Show implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Parameters(paramLabel = "ID", description = "the event's id")
    String id = "";

    @Override
    public Integer call() {
      if (!id.matches("[A-Za-z0-9._:-]+")) {
        throw new CliException(2, "\"" + id + "\" is no event's id");
      }
      JsonNode event = read.client().get("/api/vigie/events/" + id, new Client.Parameters());
      if (read.printData(event)) {
        return 0;
      }
      PrintWriter out = read.out();
      for (Map.Entry<String, JsonNode> field : event.properties()) {
        if (field.getValue().isObject()) {
          for (Map.Entry<String, JsonNode> inner : field.getValue().properties()) {
            out.printf("%-10s %s%n", inner.getKey(), Table.printable(inner.getValue().asText()));
          }
        } else {
          out.printf("%-10s %s%n", field.getKey(), Table.printable(field.getValue().asText()));
        }
      }
      out.flush();
      return 0;
    }
  }
}
