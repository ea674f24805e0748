package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code collector events tail | search | show | export | import | parse}. */
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
  private static final int PAGE = 5_000;

  /** One event as a line: time, severity, node, type, text. */
  static String line(JsonNode event) {
    return Times.full(event.path("time").asText())
        + "  "
        + String.format(Locale.ROOT, "%-7s", event.path("severity").asText())
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

  /** What to look for; the same for all that look. */
  static final class Filter {
    @Option(names = "--node", paramLabel = "NODE", description = "only of this node")
    String node = "";

    @Option(
        names = "--type",
        paramLabel = "TYPE",
        description = "only of this type, such as probe.down")
    String type = "";

    @Option(names = "--unit", paramLabel = "UNIT", description = "only of this systemd unit")
    String unit = "";

    @Option(
        names = "--severity",
        paramLabel = "NAME",
        description =
            "only as bad as this or worse: emerg, alert, crit, err, warning, notice, info, debug")
    @Nullable Severity severity;

    @Parameters(
        arity = "0..1",
        paramLabel = "TEXT",
        description =
            "what the text must say: words, \"these together\", prefix*; -word: must not say")
    String text = "";

    Client.Parameters parameters(ReadOptions read) {
      return parameters(read.matchers);
    }

    Client.Parameters parameters(List<String> matchers) {
      return new Client.Parameters()
          .addAll("filter", matchers)
          .add("node", node)
          .add("type", type)
          .add("unit", unit)
          .add("severity", severity == null ? "" : severity.name())
          .add("q", text);
    }
  }

  /** From when to when. */
  static final class Range {
    @Option(
        names = "--since",
        paramLabel = "TIME",
        description = "from then on: 2h (back from now) or 2026-11-21T12:00:00Z")
    String since = "";

    @Option(names = "--until", paramLabel = "TIME", description = "before then")
    String until = "";

    Client.Parameters add(Client.Parameters parameters) {
      return parameters.add("since", since).add("until", until);
    }
  }

  /**
   * Asks for events page by page, newest first.
   *
   * @param asked what to look for, made anew for each page
   * @param before an event's id, {@code ""} to begin with the newest
   * @return the last page
   */
  static JsonNode pages(
      Client client,
      Supplier<Client.Parameters> asked,
      String before,
      long most,
      Consumer<JsonNode> take) {
    JsonNode page;
    String next = before;
    long left = most;
    do {
      String limit = Long.toString(Math.min(PAGE, left));
      page = client.get("/api/vigie/events", asked.get().add("before", next).add("limit", limit));
      take.accept(page);
      left -= page.path("events").size();
      next = page.path("next").asText();
    } while (!next.isEmpty() && left > 0 && !page.path("events").isEmpty());
    return page;
  }

  static void warn(JsonNode answer, PrintWriter err) {
    for (JsonNode warning : answer.path("warnings")) {
      err.println("warning: " + Table.printable(warning.asText()));
    }
    err.flush();
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
        "  collector events search '\"connection refused\" -debug' --severity warning -o json",
        "  collector events search -l probe=calculatrice -n 1000"
      })
  static final class Search implements Callable<Integer> {
    private static final int MOST = 1_000_000;
    @Mixin ReadOptions read = new ReadOptions();
    @Mixin Filter filter = new Filter();
    @Mixin Range range = new Range();

    @Option(
        names = {"-n", "--limit"},
        paramLabel = "N",
        description = "at most so many (default: 100); for very many see export")
    int limit = 100;

    @Option(
        names = "--before",
        paramLabel = "ID",
        description = "only what is older than the event with this id: go on behind a search")
    String before = "";

    @Override
    public Integer call() {
      if (limit < 1 || limit > MOST) {
        throw new CliException(2, "-n " + limit + " is not within 1 to " + MOST);
      }
      ArrayNode events = JsonNodeFactory.instance.arrayNode();
      JsonNode last =
          pages(
              read.client(),
              () -> range.add(filter.parameters(read)),
              before,
              limit,
              page -> page.path("events").forEach(events::add));
      String next = last.path("next").asText();
      List<JsonNode> rows = new ArrayList<>();
      events.forEach(rows::add);
      read.print(table(read, rows), events, "no events");
      warn(last, read.err());
      if (!next.isEmpty() && limit > 1 && System.console() != null) {
        read.err().println("perhaps more: --before " + next + ", or a larger -n");
        read.err().flush();
      }
      return events.isEmpty() ? 1 : 0;
    }
  }

  @Command(
      name = "tail",
      description = "The newest events, oldest of them first; with -f go on as they come.",
      footer = {"", "Example:", "  collector events tail -f --node p1 --severity warning"})
  static final class Tail implements Callable<Integer> {
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    @Mixin ReadOptions read = new ReadOptions();
    @Mixin Filter filter = new Filter();

    @Option(
        names = {"-f", "--follow"},
        description = "go on until Ctrl-C, also when the collector is away for a while")
    boolean follow;

    @Option(
        names = {"-n", "--lines"},
        paramLabel = "N",
        description = "so many at first (default: 10)")
    int lines = 10;

    private String last = "";

    @Override
    public Integer call() throws InterruptedException {
      Client client = read.client();
      int limit = Math.max(1, Math.min(lines, 10_000));
      JsonNode answer =
          client.get(
              "/api/vigie/events", filter.parameters(read).add("limit", Integer.toString(limit)));
      List<JsonNode> events = new ArrayList<>();
      answer.path("events").forEach(events::add);
      Collections.reverse(events);
      (lines < 1 ? List.<JsonNode>of() : events).forEach(this::print);
      warn(answer, read.err());
      last = answer.path("newest").asText();
      Duration pause = Duration.ofMillis(200);
      while (follow) {
        if (follow(client)) {
          pause = Duration.ofMillis(200);
        }
        new Ticker(pause).await();
        Duration twice = pause.multipliedBy(2);
        pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      }
      return 0;
    }

    /** Until the stream ends; false if there was none. */
    private boolean follow(Client client) {
      try (Stream<String> stream =
          client.lines("/api/vigie/events/stream", filter.parameters(read).add("after", last))) {
        stream.forEach(this::take);
        return true;
      } catch (UncheckedIOException e) {
        return true; // it was there, and will be again
      } catch (CliException e) {
        if (e.exitCode() != 3) {
          throw e;
        }
        return false;
      }
    }

    private String id = "";
    private boolean skips;

    private void take(String line) {
      if (line.startsWith("id: ")) {
        id = line.substring(4);
      } else if (line.equals("event: skipped")) {
        skips = true;
      } else if (line.startsWith("data: ")) {
        if (skips) {
          read.err().println("… more came than could be shown; see events search");
          read.err().flush();
        } else {
          print(Client.parse(line.substring(6)));
          last = id;
        }
        skips = false;
      }
    }

    private void print(JsonNode event) {
      PrintWriter out = read.out();
      out.println(read.format == ReadOptions.Format.json ? event.toString() : line(event));
      out.flush();
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
