package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import vigie.base.time.Clock;

/** {@code collector nodes list | show}. */
@Command(
    name = "nodes",
    description = "The nodes that are expected or were heard.",
    subcommands = {NodesCommand.ListNodes.class, NodesCommand.Show.class})
final class NodesCommand {
  @Command(
      name = "list",
      description = {
        "List nodes: state and why, last sign of life, clock, events that waited in the spool when its agent"
            + " last said so, version.",
        "States: up; unseen (expected, not heard yet); silent ones: off (switched off on purpose), rebooting,"
            + " stopped (its agent was), lost."
      },
      footer = {
        "",
        "Examples:",
        "  collector nodes list --sort-by state",
        "  collector nodes list -l state=lost"
      })
  static final class ListNodes implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Override
    public Integer call() {
      List<String> header =
          new ArrayList<>(
              List.of("NODE", "STATE", "SINCE", "WHY", "HEARD", "CLOCK", "BACKLOG", "VERSION"));
      if (read.wide()) {
        header.addAll(
            List.of("EXPECTED", "CONNECTED", "GATEWAY", "DEPENDS-ON", "JAVA", "BOOT", "SPOOL"));
      }
      Table table = new Table(header);
      ArrayNode kept = JsonNodeFactory.instance.arrayNode();
      for (JsonNode node :
          read.client()
              .get("/api/vigie/nodes", new Client.Parameters().addAll("filter", read.matchers))
              .path("nodes")) {
        kept.add(node);
        List<String> row = new ArrayList<>();
        row.add(node.path("node").asText());
        row.add(node.path("state").asText());
        row.add(ago(node.path("since")));
        boolean watched = node.path("watched").asBoolean(true);
        row.add(watched ? orDash(node.path("why").asText()) : "not watched");
        row.add(ago(node.path("lastHeard")));
        row.add(clock(node.path("clockOffsetSeconds")));
        row.add(node.path("pending").isNumber() ? node.path("pending").asText() : "-");
        row.add(orDash(node.path("version").asText()));
        if (read.wide()) {
          row.add(node.path("expected").asBoolean() ? "yes" : "no");
          row.add(node.path("connected").asBoolean() ? "yes" : "no");
          for (String field : List.of("gateway", "dependsOn", "java", "boot", "spool")) {
            row.add(orDash(node.path(field).asText()));
          }
        }
        table.add(row);
      }
      read.print(table, kept, "no nodes: none is expected and none was heard");
      return 0;
    }

    private static String orDash(String text) {
      return text.isEmpty() ? "-" : text;
    }

    private static String ago(JsonNode time) {
      return time.isNull() || time.asText().isEmpty()
          ? "-"
          : Times.ago(time.asText(), Clock.system().now()) + " ago";
    }

    private static String clock(JsonNode offset) {
      if (!offset.isNumber()) {
        return "-";
      }
      double seconds = offset.asDouble();
      if (Math.abs(seconds) < 2) {
        return "ok";
      }
      return Times.age(java.time.Duration.ofSeconds(Math.round(Math.abs(seconds))))
          + (seconds > 0 ? " behind" : " ahead");
    }
  }

  @Command(
      name = "show",
      description = "Everything about one node.",
      footer = {"", "Example:", "  collector nodes show p1"})
  static final class Show implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Parameters(paramLabel = "NODE", description = "the node's name")
    String name = "";

    @Override
    public Integer call() {
      String path =
          java.net.URLEncoder.encode(name, java.nio.charset.StandardCharsets.UTF_8)
              .replace("+", "%20");
      JsonNode node = read.client().get("/api/vigie/nodes/" + path, new Client.Parameters());
      if (!read.printData(node)) {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
          read.out()
              .printf("%-20s %s%n", field.getKey(), Table.printable(field.getValue().asText()));
        }
        read.out().flush();
      }
      return 0;
    }
  }
}
