package vigie.collector.promql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The query templates of Prometheus's compliance test, filled in. */
public final class ComplianceQueries {
  private static final Map<String, List<String>> VARIABLES =
      Map.ofEntries(
          Map.entry("range", List.of("1s", "15s", "1m", "5m", "15m", "1h")),
          Map.entry("offset", List.of("1m", "5m", "10m")),
          Map.entry(
              "simpleAggrOp", List.of("sum", "avg", "max", "min", "count", "stddev", "stdvar")),
          Map.entry(
              "simpleTimeAggrOp",
              List.of("sum", "avg", "max", "min", "count", "stddev", "stdvar", "absent", "last")),
          Map.entry("topBottomOp", List.of("topk", "bottomk")),
          Map.entry("quantile", List.of("-0.5", "0.1", "0.5", "0.75", "0.99", "1", "1.5")),
          Map.entry("arithBinOp", List.of("+", "-", "*", "/", "%", "^")),
          Map.entry("compBinOp", List.of("==", "!=", "<", ">", "<=", ">=")),
          Map.entry(
              "binOp", List.of("+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">=")),
          Map.entry(
              "simpleMathFunc",
              List.of("abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round")),
          Map.entry("extrapolatedRateFunc", List.of("delta", "rate", "increase")),
          Map.entry("clampFunc", List.of("clamp_min", "clamp_max")),
          Map.entry("instantRateFunc", List.of("idelta", "irate")),
          Map.entry(
              "dateFunc",
              List.of(
                  "day_of_month",
                  "day_of_week",
                  "days_in_month",
                  "hour",
                  "minute",
                  "month",
                  "year")));

  private ComplianceQueries() {}

  public static List<String> all() throws IOException {
    Path file = Path.of("src/test/resources/promql/compliance.yml");
    Object root = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
    List<String> all = new ArrayList<>();
    for (Object test : (List<?>) ((Map<?, ?>) root).get("test_cases")) {
      List<String> variables = new ArrayList<>();
      Object named = ((Map<?, ?>) test).get("variant_args");
      if (named != null) {
        ((List<?>) named).forEach(name -> variables.add(String.valueOf(name)));
      }
      all.addAll(variants(String.valueOf(((Map<?, ?>) test).get("query")), variables));
    }
    return all;
  }

  private static List<String> variants(String query, List<String> variables) {
    if (variables.isEmpty()) {
      return List.of(query);
    }
    String name = variables.get(0);
    List<String> all = new ArrayList<>();
    for (String value : VARIABLES.getOrDefault(name, List.of())) {
      String filled = query.replace("{{." + name + "}}", value);
      all.addAll(variants(filled, variables.subList(1, variables.size())));
    }
    return all;
  }
}
