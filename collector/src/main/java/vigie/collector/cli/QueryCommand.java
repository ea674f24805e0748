package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.collector.graph.TerminalGraph;

/** {@code collector query EXPR}. */
@Command(
    name = "query",
    description = "Evaluate a PromQL expression: now as a table, over a range as a graph.",
    footer = {
      "",
      "With --range, -o table is a graph, wide a table of all values; json and csv have them too.",
      "",
      "Examples:",
      "  collector query 'vigie_probe_up == 0'",
      "  collector query 'rate(node_cpu_seconds_total[5m])' --sort-by value",
      "  collector query 'node_load1' --range 6h",
      "  collector query 'sum by (mode) (rate(node_cpu_seconds_total[5m]))' --range 1d --step 10m -o csv",
      "",
      "Exit codes: 0 there are series; 1 there are none; 2 the expression is wrong; 3 the collector could not be"
          + " reached; 4 refused."
    })
final class QueryCommand implements Callable<Integer> {
  private static final int USUAL_WIDTH = 80;
  private static final int HEIGHT = 15;
  private static final int MOST_DRAWN = 10;
  private static final int POINTS = 250;
  private static final String PREFIX = "invalid parameter \"query\": ";

  @Mixin ReadOptions read = new ReadOptions();

  @Parameters(paramLabel = "EXPR", description = "the expression")
  String expression = "";

  @Option(
      names = "--time",
      paramLabel = "TIME",
      description = "evaluate then, or up to then: seconds since 1970 or 2026-11-21T12:00:00Z")
  String time = "";

  @Option(
      names = "--range",
      paramLabel = "DURATION",
      description = "evaluate over so much time, such as 1h")
  String range = "";

  @Option(
      names = "--step",
      paramLabel = "DURATION",
      description = "the time between two values (default: as the graph is wide)")
  String step = "";

  @Option(names = "--ascii", description = "draw with plain ASCII (default: as the locale says)")
  boolean ascii;

  @Override
  public Integer call() {
    if (range.isEmpty()) {
      if (!step.isEmpty()) {
        throw new CliException(2, "--step goes with --range");
      }
      return instant();
    }
    return range();
  }

  private int instant() {
    JsonNode data =
        ask("/api/v1/query", new Client.Parameters().add("query", expression).add("time", time));
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
                    String at = v.path(0).decimalValue().toPlainString();
                    table.add(List.of(series(r.path("metric")), text(v) + " @" + at));
                  }
                }
              });
      default -> table.add(List.of(data.path("resultType").asText(), result.path(1).asText()));
    }
    read.print(table, data, "no series");
    return table.rows().isEmpty() ? 1 : 0;
  }

  private int range() {
    int width = width();
    TerminalGraph graph = new TerminalGraph(width, HEIGHT, isUnicode(), ZoneId.systemDefault());
    boolean draws = read.format == ReadOptions.Format.table;
    long length = millis("--range", range);
    long least = Math.max(1000, -Math.floorDiv(-length, draws ? graph.points() : POINTS));
    long apart = step.isEmpty() ? -Math.floorDiv(-least, 1000) * 1000 : millis("--step", step);
    long end = end();
    long start = end - length;
    JsonNode data =
        ask(
            "/api/v1/query_range",
            new Client.Parameters()
                .add("query", expression)
                .add("start", seconds(start))
                .add("end", seconds(end))
                .add("step", seconds(apart)));
    JsonNode result = data.path("result");
    if (!draws) {
      Table table = new Table(List.of("SERIES", "TIME", "VALUE"));
      for (JsonNode one : result) {
        String name = series(one.path("metric"));
        for (String key : List.of("values", "histograms")) {
          for (JsonNode point : one.path(key)) {
            String at = point.path(0).decimalValue().toPlainString();
            table.add(List.of(name, at, text(point)));
          }
        }
      }
      read.print(table, data, "no series");
    } else if (result.isEmpty()) {
      read.out().println("no series");
    } else {
      draw(graph, width, result, start, end);
    }
    read.out().flush();
    return result.isEmpty() ? 1 : 0;
  }

  private void draw(TerminalGraph graph, int width, JsonNode result, long start, long end) {
    int shown = Math.min(MOST_DRAWN, result.size());
    List<TerminalGraph.Line> lines = new ArrayList<>();
    for (int i = 0; i < shown; i++) {
      JsonNode points = result.get(i).path("values");
      long[] times = new long[points.size()];
      double[] values = new double[times.length];
      for (int k = 0; k < times.length; k++) {
        times[k] = points.get(k).path(0).decimalValue().movePointRight(3).longValue();
        values[k] = number(points.get(k).path(1).asText());
      }
      lines.add(new TerminalGraph.Line(times, values));
    }
    graph.draw(lines, start, end).forEach(read.out()::println);
    for (int i = 0; i < shown; i++) {
      double[] values = lines.get(i).values();
      String last = values.length == 0 ? "-" : TerminalGraph.text(values[values.length - 1]);
      String line =
          graph.mark(i, shown)
              + " "
              + Table.printable(series(result.get(i).path("metric")))
              + "  last "
              + last;
      read.out().println(line.length() <= width ? line : line.substring(0, width - 1) + "…");
    }
    if (result.size() > shown) {
      read.out()
          .println(
              "and "
                  + (result.size() - shown)
                  + " more series; -o wide or csv has all, topk(5, …) selects");
    }
  }

  /** The data of an answer; what the collector remarks goes to standard error. */
  private JsonNode ask(String path, Client.Parameters parameters) {
    JsonNode answer;
    try {
      answer = read.client().get(path, parameters);
    } catch (CliException e) {
      String said = String.valueOf(e.getMessage());
      throw said.startsWith(PREFIX)
          ? new CliException(e.exitCode(), said.substring(PREFIX.length()))
          : e;
    }
    for (String kind : List.of("warnings", "infos")) {
      for (JsonNode note : answer.path(kind)) {
        // They say themselves what they are, where they are PromQL's.
        read.err().println(Table.printable(note.asText()));
      }
    }
    read.err().flush();
    return answer.path("data");
  }

  private int width() {
    String columns = System.getenv("COLUMNS");
    if (columns != null && columns.matches("[1-9]\\d{1,3}")) {
      return Integer.parseInt(columns);
    }
    int terminal = Terminal.width();
    return terminal == 0 ? USUAL_WIDTH : terminal;
  }

  private boolean isUnicode() {
    if (ascii) {
      return false;
    }
    for (String name : List.of("LC_ALL", "LC_CTYPE", "LANG")) {
      String locale = System.getenv(name);
      if (locale != null && !locale.isEmpty()) {
        return locale.toUpperCase(Locale.ROOT).replace("-", "").contains("UTF8");
      }
    }
    return false;
  }

  private static long millis(String option, String text) {
    try {
      Duration duration = Durations.parse(text);
      if (!duration.isZero()) {
        return duration.toMillis();
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw new CliException(2, option + " \"" + text + "\" is no duration; write 30s, 1h or 7d");
  }

  private long end() {
    if (time.isEmpty()) {
      return Clock.system().millis();
    }
    try {
      return new BigDecimal(time).movePointRight(3).longValue();
    } catch (NumberFormatException notSeconds) {
      try {
        return Instant.parse(time).toEpochMilli();
      } catch (java.time.format.DateTimeParseException e) {
        throw new CliException(
            2, "--time \"" + time + "\" is no time; write 1795292463 or 2026-11-21T12:00:00Z");
      }
    }
  }

  private static String seconds(long millis) {
    return BigDecimal.valueOf(millis, 3).toPlainString();
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
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
