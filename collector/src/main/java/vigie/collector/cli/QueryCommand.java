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
              r -> {
                JsonNode point = r.has("histogram") ? r.path("histogram") : r.path("value");
                table.add(List.of(series(r.path("metric")), text(point)));
              });
      case "matrix" ->
          result.forEach(
              r -> {
                for (String key : List.of("values", "histograms")) {
                  for (JsonNode v : r.path(key)) {
                    String time = v.path(0).decimalValue().toPlainString();
                    table.add(List.of(series(r.path("metric")), text(v) + " @" + time));
                  }
                }
              });
      default -> table.add(List.of(data.path("resultType").asText(), result.path(1).asText()));
    }
    read.print(table, data, "no series");
    return table.rows().isEmpty() ? 1 : 0;
  }

  /** The number of a point; of a native histogram its count, sum and buckets. */
  static String text(JsonNode point) {
    JsonNode value = point.path(1);
    if (!value.isObject()) {
      return value.asText();
    }
    StringBuilder out = new StringBuilder("count:" + value.path("count").asText());
    out.append(" sum:").append(value.path("sum").asText());
    for (JsonNode bucket : value.path("buckets")) {
      int rule = bucket.path(0).asInt();
      out.append(rule == 0 || rule == 2 ? " (" : " [").append(bucket.path(1).asText());
      out.append(',').append(bucket.path(2).asText()).append(rule == 1 || rule == 2 ? ')' : ']');
      out.append(':').append(bucket.path(3).asText());
    }
    return out.toString();
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
