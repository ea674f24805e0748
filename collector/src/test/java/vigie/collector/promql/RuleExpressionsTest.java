package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Parses the expressions of rule files in use elsewhere, and the queries of the compliance test.
 */
class RuleExpressionsTest {
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

  @TestFactory
  Stream<DynamicTest> givenRuleFile_whenParsed_thenEveryExpressionReadsBackAsPrinted()
      throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/test/resources/rules"))) {
      return files.filter(f -> f.toString().endsWith(".yml")).sorted().toList().stream()
          .map(f -> DynamicTest.dynamicTest(f.getFileName().toString(), () -> parseAll(f)));
    }
  }

  private static void parseAll(Path file) throws IOException {
    int count = 0;
    for (Object group : (List<?>) map(load(file)).get("groups")) {
      for (Object rule : (List<?>) map(group).get("rules")) {
        String expr = String.valueOf(map(rule).get("expr"));
        Expr parsed = Parser.parse(expr);
        String printed = parsed.toString();
        assertThat(Parser.parse(printed)).as(expr).hasToString(printed);
        count++;
      }
    }
    assertThat(count).isPositive();
  }

  @Test
  void givenComplianceQueries_whenParsed_thenNoneIsRefused() throws IOException {
    int count = 0;
    Path file = Path.of("src/test/resources/promql/compliance.yml");
    for (Object test : (List<?>) map(load(file)).get("test_cases")) {
      List<String> variables = new ArrayList<>();
      Object named = map(test).get("variant_args");
      if (named != null) {
        ((List<?>) named).forEach(name -> variables.add(String.valueOf(name)));
      }
      // Those that should fail do so on the data: their syntax is right.
      for (String query : variants(String.valueOf(map(test).get("query")), variables)) {
        String printed = Parser.parse(query).toString();
        assertThat(Parser.parse(printed)).as(query).hasToString(printed);
        count++;
      }
    }
    assertThat(count).isGreaterThan(100);
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

  private static Object load(Path file) throws IOException {
    return new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
  }

  private static Map<?, ?> map(Object node) {
    return (Map<?, ?>) node;
  }
}
