package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    List<String> queries = ComplianceQueries.all();

    // Those that should fail do so on the data: their syntax is right.
    for (String query : queries) {
      String printed = Parser.parse(query).toString();
      assertThat(Parser.parse(printed)).as(query).hasToString(printed);
    }
    assertThat(queries).hasSizeGreaterThan(100);
  }

  private static Object load(Path file) throws IOException {
    return new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
  }

  private static Map<?, ?> map(Object node) {
    return (Map<?, ?>) node;
  }
}
