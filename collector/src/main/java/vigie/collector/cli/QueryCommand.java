package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code collector query EXPR}. */
@Command(
    name = "query",
    description = "Evaluate a PromQL expression now.",
    footer = {
      "",
      "Examples:",
      "  collector query 'vigie_probe_up == 0'",
      "  collector query 'rate(node_cpu_seconds_total[5m])' --sort-by value"
    })
final class QueryCommand implements Callable<Integer> {
  @Mixin ReadOptions read = new ReadOptions();

  @Parameters(paramLabel = "EXPR", description = "the expression")
  String expression = "";

  @Option(
      names = "--time",
      paramLabel = "TIME",
      description = "evaluate then: seconds since 1970 or 2026-11-21T12:00:00Z")
  String time = "";

  @Override
  public Integer call() {
    JsonNode answer =
        read.client()
            .get(
                "/api/v1/query",
                new Client.Parameters().add("query", expression).add("time", time));
    for (JsonNode warning : answer.path("warnings")) {
      System.err.println("warning: " + Table.printable(warning.asText()));
    }
    JsonNode data = answer.path("data");
    Table table = new Table(List.of("SERIES", "VALUE"));
    JsonNode result = data.path("result");
    switch (data.path("resultType").asText()) {
      case "vector" ->
          result.forEach(
              r -> table.add(List.of(series(r.path("metric")), r.path("value").path(1).asText())));
      case "matrix" ->
          result.forEach(
              r ->
                  r.path("values")
                      .forEach(
                          v ->
                              table.add(
                                  List.of(
                                      series(r.path("metric")),
                                      v.path(1).asText()
                                          + " @"
                                          + v.path(0).decimalValue().toPlainString()))));
      default -> table.add(List.of(data.path("resultType").asText(), result.path(1).asText()));
    }
    read.print(table, data, "no series");
    return table.rows().isEmpty() ? 1 : 0;
  }

  private static String series(JsonNode metric) {
    StringBuilder out = new StringBuilder(metric.path("__name__").asText());
    String separator = "{";
    for (Map.Entry<String, JsonNode> label : metric.properties()) {
      if (!label.getKey().equals("__name__")) {
        out.append(separator)
            .append(label.getKey())
            .append("=\"")
            .append(label.getValue().asText())
            .append('"');
        separator = ", ";
      }
    }
    return out.append(separator.equals("{") ? out.length() == 0 ? "{}" : "" : "}").toString();
  }
}
