package vigie.collector.api.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import vigie.collector.api.Json;
import vigie.collector.promql.ComplianceQueries;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;
import vigie.collector.testing.RealPrometheus;

/**
 * Every expression of the rule files and of the compliance test, formatted and parsed by the real
 * Prometheus 3 and here; and those with pieces changed by chance, of which both must take the same.
 */
class ParseAnswersIT {

  /** Fixed, so that a build fails for what was changed in it and not by chance. */
  private static final long SEED = Long.getLong("fuzz.seed", 20261122);

  private static final int CHANGED = Integer.getInteger("soak.queries", 1500);
  private static final Pattern PIECE =
      Pattern.compile("\"[^\"]*\"|'[^']*'|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9a-zA-Z_.]*|\\s+|.");
  private static final List<String> PIECES =
      List.of(
          "(",
          ")",
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "@",
          " offset ",
          " by ",
          " without ",
          " on ",
          " ignoring ",
          " group_left ",
          " bool ",
          " and ",
          " or ",
          "+",
          "-",
          "*",
          "/",
          "^",
          "==",
          "!=",
          "<=",
          ">",
          "=",
          "=~",
          "!~",
          "\"a\"",
          "5",
          "5m",
          "1h30m",
          "0",
          "1e3",
          "0x1f",
          "NaN",
          "Inf",
          "foo",
          "bar:baz",
          "sum",
          "topk",
          "rate",
          "time()",
          "start()",
          ".",
          "$",
          "1_0");

  /** What docs/promql.md names, and what is experimental there and taken here. */
  private static final Pattern DIFFERENT =
      Pattern.compile(
          "limitk|limit_ratio|anchored|smoothed|histogram_quantiles|first_over_time|</|>/|<\\s*/|>\\s*/"
              + "|\\[\\s*[0-9a-z_]+\\s+[a-z_]|\\\\|ignoring\\s*\\(\\s*\\)|on\\s*\\(\\s*\\)");

  @TempDir Path folder;
  private final ObjectMapper json = new ObjectMapper();

  @Test
  void givenExpressionsInUse_whenFormattedAndParsed_thenAsPrometheusDoes() throws Exception {
    List<String> differences = new ArrayList<>();
    Set<String> known = expressions();
    try (RealPrometheus prometheus = RealPrometheus.start(folder, "")) {
      for (String query : known) {
        Expr expr = Parser.parse(query);
        String format =
            prometheus.ask("/api/v1/format_query", "query", query).path("data").asText();
        JsonNode tree = prometheus.ask("/api/v1/parse_query", "query", query).path("data");
        JsonNode ours =
            json.readTree(
                new String(Json.bytes(j -> ExprJson.write(j, expr)), StandardCharsets.UTF_8));
        if (!expr.formatted().equals(format) || !ours.equals(tree)) {
          differences.add(query + "\n" + expr.formatted() + "\ninstead of\n" + format);
        }
        assertThat(Parser.parse(expr.formatted())).hasToString(expr.toString());
      }
      assertThat(differences).isEmpty();
      assertThat(known).hasSizeGreaterThan(300);

      System.out.println("fuzz.seed=" + SEED);
      Random random = new Random(SEED);
      List<String> all = List.copyOf(known);
      for (int i = 0; i < CHANGED; i++) {
        String query = changed(all.get(random.nextInt(all.size())), random);
        boolean taken =
            prometheus
                .ask("/api/v1/parse_query", "query", query)
                .path("status")
                .asText()
                .equals("success");
        if (taken != isTaken(query) && !DIFFERENT.matcher(query).find()) {
          differences.add((taken ? "refused here: " : "taken here: ") + query);
        }
      }
    }

    assertThat(differences).as("seed " + SEED).isEmpty();
  }

  private static boolean isTaken(String query) {
    try {
      Parser.parse(query);
      return true;
    } catch (PromqlException refused) {
      return false;
    }
  }

  /** One to three pieces left out, put in, or put in the place of another. */
  private static String changed(String query, Random random) {
    List<String> pieces = new ArrayList<>();
    Matcher matcher = PIECE.matcher(query.replace('\n', ' '));
    while (matcher.find()) {
      pieces.add(matcher.group());
    }
    for (int i = random.nextInt(3); i >= 0 && !pieces.isEmpty(); i--) {
      int at = random.nextInt(pieces.size());
      switch (random.nextInt(3)) {
        case 0 -> pieces.remove(at);
        case 1 -> pieces.add(at, PIECES.get(random.nextInt(PIECES.size())));
        default -> pieces.set(at, PIECES.get(random.nextInt(PIECES.size())));
      }
    }
    return String.join("", pieces);
  }

  private static Set<String> expressions() throws Exception {
    Set<String> all = new LinkedHashSet<>(ComplianceQueries.all());
    for (Path rules :
        List.of(
            Path.of("src/test/resources/rules"),
            Path.of(System.getProperty("vigie.root", ".."), "alert-rules"))) {
      try (Stream<Path> files = Files.list(rules)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".yml")).sorted().toList()) {
          Object root =
              new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
          Object groups = ((Map<?, ?>) root).get("groups");
          for (Object group : groups instanceof List<?> list ? list : List.of()) {
            for (Object rule : (List<?>) ((Map<?, ?>) group).get("rules")) {
              all.add(String.valueOf(((Map<?, ?>) rule).get("expr")).strip());
            }
          }
        }
      }
    }
    return all;
  }
}
