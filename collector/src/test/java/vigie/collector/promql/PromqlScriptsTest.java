package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Runs Prometheus's own test scripts, those in {@code src/test/resources/promql} or in the folder
 * that the system property {@code promql.scripts} names. An eval is absent only if our parser
 * refuses it as not supported, or if it reads start timestamps.
 */
class PromqlScriptsTest {
  /** What this engine must be able to do: none of it may be refused. */
  private static final Set<String> FUNCTIONS =
      Set.of(
          "rate",
          "increase",
          "irate",
          "delta",
          "idelta",
          "changes",
          "resets",
          "absent",
          "absent_over_time",
          "time",
          "vector",
          "scalar",
          "abs",
          "ceil",
          "floor",
          "round",
          "clamp",
          "clamp_min",
          "clamp_max",
          "label_replace",
          "label_join",
          "predict_linear",
          "deriv",
          "avg_over_time",
          "min_over_time",
          "max_over_time",
          "sum_over_time",
          "count_over_time",
          "quantile_over_time",
          "stddev_over_time",
          "stdvar_over_time",
          "last_over_time",
          "present_over_time");

  private static final Set<String> AGGREGATIONS =
      Set.of(
          "sum",
          "avg",
          "min",
          "max",
          "count",
          "group",
          "stddev",
          "stdvar",
          "topk",
          "bottomk",
          "quantile",
          "count_values");

  @Test
  void givenScriptsOfPrometheus_whenRun_thenAllThatIsSupportedAgrees() throws IOException {
    Map<String, int[]> byFile = new TreeMap<>();
    Map<String, int[]> byConstruct = new TreeMap<>();
    List<String> failures = new ArrayList<>();
    for (Path file : scripts()) {
      String name = file.getFileName().toString();
      Script script = Script.parse(name, Files.readString(file));
      for (ScriptRunner.Outcome outcome : new ScriptRunner().run(script)) {
        int kind = column(outcome.kind());
        byFile.computeIfAbsent(name, n -> new int[3])[kind]++;
        if (outcome.kind() == ScriptRunner.Outcome.Kind.ABSENT) {
          byConstruct.computeIfAbsent(outcome.detail(), n -> new int[3])[kind]++;
        } else {
          outcome
              .constructs()
              .forEach(c -> byConstruct.computeIfAbsent(c, n -> new int[3])[kind]++);
        }
        if (outcome.kind() == ScriptRunner.Outcome.Kind.FAILED) {
          failures.add(
              name
                  + ":"
                  + outcome.eval().line()
                  + ": "
                  + outcome.eval().query()
                  + "\n    "
                  + outcome.detail());
        }
      }
    }
    print("file", byFile);
    print("construct", byConstruct);
    failures.forEach(System.out::println);

    assertThat(byFile).as("scripts found").isNotEmpty();
    assertThat(failures).isEmpty();
    if (System.getProperty("promql.scripts", "").isEmpty()) {
      int passed = byFile.values().stream().mapToInt(c -> c[0]).sum();
      assertThat(passed).as("evals of the scripts here that pass").isGreaterThanOrEqualTo(989);
    }
    byConstruct.forEach(
        (construct, counts) -> {
          if (counts[column(ScriptRunner.Outcome.Kind.ABSENT)] > 0) {
            assertThat(construct)
                .as("refused though required")
                .isNotIn(FUNCTIONS.stream().map(f -> "function " + f).toList())
                .isNotIn(AGGREGATIONS.stream().map(a -> "aggregation " + a).toList());
          }
        });
  }

  private static int column(ScriptRunner.Outcome.Kind kind) {
    return switch (kind) {
      case PASSED -> 0;
      case FAILED -> 1;
      case ABSENT -> 2;
    };
  }

  private static List<Path> scripts() throws IOException {
    String folder = System.getProperty("promql.scripts", "");
    Path root = Path.of(System.getProperty("vigie.root", ".."));
    // A relative folder is relative to where the build was started, not to this module.
    Path path = folder.isEmpty() ? Path.of("src/test/resources/promql") : root.resolve(folder);
    try (Stream<Path> files = Files.list(path)) {
      return files.filter(f -> f.toString().endsWith(".test")).sorted().toList();
    }
  }

  private static void print(String what, Map<String, int[]> counts) {
    System.out.printf("%n%-40s %7s %7s %7s%n", what, "passed", "failed", "absent");
    int[] total = new int[3];
    counts.forEach(
        (name, c) -> {
          System.out.printf("%-40s %7d %7d %7d%n", name, c[0], c[1], c[2]);
          for (int i = 0; i < total.length; i++) {
            total[i] += c[i];
          }
        });
    if (what.equals("file")) {
      System.out.printf("%-40s %7d %7d %7d%n", "total", total[0], total[1], total[2]);
    }
  }
}
