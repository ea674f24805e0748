package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.label.Labels;
import vigie.collector.store.sample.MemorySampleStore;
import vigie.collector.testing.RealPrometheus;

/**
 * The same queries over the same samples, asked of the real Prometheus 3 and of this engine: the
 * compliance test's queries and some of our own.
 */
class PrometheusEngineIT {
  private static final long SEED = 20260101;
  private static final long START = 1_767_225_600_000L;
  private static final long FROM = START + 1_200_000;
  private static final long TO = START + 3_000_000;
  private static final long STEP = 47_000;

  private static final List<String> OURS =
      List.of(
          "rate(demo_cpu_usage_seconds_total[3m] offset 4m)",
          "increase(demo_cpu_usage_seconds_total[2m] @ 1767227400)",
          "demo_num_cpus @ start() + demo_num_cpus @ end()",
          "demo_intermittent_metric offset -30s",
          "avg_over_time(rate(demo_cpu_usage_seconds_total[1m])[7m:33s])",
          "sum by (mode) (rate(demo_cpu_usage_seconds_total[2m])) / ignoring(mode) group_left"
              + " sum(rate(demo_cpu_usage_seconds_total[2m]))",
          "demo_memory_usage_bytes * on(instance) group_right(type) demo_num_cpus",
          "demo_memory_usage_bytes{type=\"free\"} and on(instance) demo_num_cpus > 2",
          "demo_memory_usage_bytes unless ignoring(type) demo_num_cpus",
          "demo_memory_usage_bytes{type=\"free\"} or demo_num_cpus or vector(1)",
          "topk by (type) (1, demo_memory_usage_bytes)",
          "bottomk(2, demo_memory_usage_bytes)",
          "quantile by (type) (0.3, demo_memory_usage_bytes)",
          "count_values by (job) (\"cpus\", demo_num_cpus)",
          "group by (type) (demo_memory_usage_bytes)",
          "stddev without (instance) (demo_memory_usage_bytes)",
          "changes(demo_num_cpus[10m]) + resets(demo_cpu_usage_seconds_total[10m])",
          "deriv(demo_disk_usage_bytes[4m])",
          "idelta(demo_disk_usage_bytes[1m])",
          "absent_over_time(demo_intermittent_metric[20s])",
          "absent(demo_intermittent_metric{job=\"x\"})",
          "present_over_time(demo_intermittent_metric[40s])",
          "quantile_over_time(0.7, demo_disk_usage_bytes[3m])",
          "stdvar_over_time(demo_disk_usage_bytes[3m])",
          "last_over_time(demo_intermittent_metric[2m])",
          "min_over_time(demo_disk_usage_bytes[2m]) - max_over_time(demo_disk_usage_bytes[2m])",
          "label_join(demo_num_cpus, \"x\", \"-\", \"job\", \"instance\")",
          "label_replace(demo_num_cpus, \"host\", \"$1/${2}\", \"instance\", \"(.*):(.*)\")",
          "round(demo_disk_usage_bytes, 1000)",
          "clamp_min(demo_disk_usage_bytes, 2e9)",
          "sgn(delta(demo_disk_usage_bytes[1m]))",
          "scalar(sum(demo_num_cpus)) * demo_num_cpus",
          "scalar(demo_num_cpus)",
          "sin(demo_num_cpus) + atan(demo_num_cpus) + sinh(demo_num_cpus) + acosh(demo_num_cpus)",
          "deg(demo_num_cpus) + rad(demo_num_cpus) + pi()",
          "demo_disk_usage_bytes atan2 demo_disk_usage_bytes offset 1m",
          "demo_num_cpus ^ 2 % 3",
          "-demo_num_cpus",
          "day_of_year() + day_of_week(demo_batch_last_success_timestamp_seconds)",
          "minute(demo_batch_last_success_timestamp_seconds)",
          "histogram_quantile(0.95, sum by (le) (rate(demo_api_request_duration_seconds_bucket[5m])))",
          "histogram_quantile(0.5, demo_api_request_duration_seconds_bucket)",
          "histogram_quantile(0.9, demo_memory_usage_bytes)",
          "histogram_fraction(0.01, 0.2, rate(demo_api_request_duration_seconds_bucket[5m]))",
          "rate({__name__=~\"demo_num_cpus|demo_disk_usage_bytes\"}[5m])",
          "sum(rate(demo_disk_usage_bytes[1m])) by (nothing)",
          "predict_linear(demo_disk_usage_bytes[5m], 3600) < 0",
          "rate((demo_disk_usage_bytes[1m])) + quantile_over_time(2, demo_num_cpus[1m])",
          "histogram_quantile(7, demo_api_request_duration_seconds_bucket)",
          "quantile(-1, demo_num_cpus)",
          "demo_num_cpus == bool on(instance) demo_num_cpus offset 10m",
          "demo_memory_usage_bytes / on(instance) demo_num_cpus",
          "max_over_time(demo_num_cpus[5m:]) > 1",
          "{__name__=~\"demo_n.*\", instance!~\".*2\"}",
          "timestamp(demo_num_cpus offset 1m)",
          "time() - demo_batch_last_success_timestamp_seconds > bool 100",
          "double_nonsense(demo_num_cpus)");

  @TempDir Path folder;
  private final MemorySampleStore store = new MemorySampleStore(10_000);
  private final Engine engine = new Engine(store, EngineOptions.defaults());

  @Test
  void givenSamePastSamples_whenAskedTheSame_thenAnswersAgree() throws Exception {
    loadBoth();
    List<String> differences = new ArrayList<>();
    try (RealPrometheus prometheus = RealPrometheus.start(folder, "")) {
      Twins twins = new Twins(engine, prometheus);
      List<String> queries = new ArrayList<>(ComplianceQueries.all());
      queries.addAll(OURS);
      int answered = 0;
      for (String query : queries) {
        JsonNode theirs = twins.theirs(query, FROM, TO, STEP);
        answered += theirs.path("data").path("result").size() > 0 ? 1 : 0;
        String difference = compare(query, theirs);
        if (!difference.isEmpty()) {
          differences.add(query + "\n    " + difference);
        }
      }
      assertThat(differences).isEmpty();
      assertThat(answered).as("queries that found something").isGreaterThan(queries.size() / 2);
    }
  }

  /** Stricter than {@link Twins#compare}: these queries agree to the last word. */
  private String compare(String query, JsonNode theirs) {
    QueryResult ours;
    try {
      ours = engine.range(Parser.parse(query), FROM, TO, STEP);
    } catch (PromqlException e) {
      return theirs.path("status").asText().equals("error") ? "" : "we fail: " + e.getMessage();
    }
    if (!theirs.path("status").asText().equals("success")) {
      return "Prometheus fails: " + theirs.path("error").asText();
    }
    String difference = Twins.compareSeries(ours, theirs);
    return difference.isEmpty()
        ? compareNotes("warnings", theirs, ours.warnings())
            + compareNotes("infos", theirs, ours.infos())
        : difference;
  }

  private static String compareNotes(String kind, JsonNode theirs, List<String> ours) {
    TreeSet<String> expected = new TreeSet<>();
    theirs.path(kind).forEach(note -> expected.add(unnamed(note.asText())));
    TreeSet<String> actual = new TreeSet<>();
    ours.forEach(note -> actual.add(unnamed(note)));
    return actual.equals(expected) ? "" : kind + ": " + actual + " instead of " + expected + " ";
  }

  /** Releases of Prometheus differ in when they name the metric. */
  private static String unnamed(String note) {
    return note.contains("monotonicity")
        ? note.replaceAll(" for metric name \"[^\"]*\"", "")
        : note;
  }

  /** An hour of samples every 5 s or so, with gaps, resets and jitter, for both. */
  private void loadBoth() throws Exception {
    Random random = new Random(SEED);
    Path file = folder.resolve("samples.txt");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < 3; i++) {
        String instance = "demo.promlabs.com:1000" + i;
        for (String type : List.of("free", "used", "cached", "buffers")) {
          write(out, random, Kind.GAUGE, "demo_memory_usage_bytes", instance, "type", type);
        }
        write(out, random, Kind.STEPS, "demo_num_cpus", instance);
        for (String mode : List.of("idle", "user", "system")) {
          write(out, random, Kind.COUNTER, "demo_cpu_usage_seconds_total", instance, "mode", mode);
        }
        write(out, random, Kind.GAUGE, "demo_disk_usage_bytes", instance);
        write(out, random, Kind.TIME, "demo_batch_last_success_timestamp_seconds", instance);
        write(out, random, Kind.GAPS, "demo_intermittent_metric", instance);
        for (String path : List.of("/a", "/b")) {
          for (String le : List.of("0.0001", "0.001", "0.01", "0.1", "1", "10", "+Inf")) {
            String name = "demo_api_request_duration_seconds_bucket";
            write(out, random, Kind.COUNTER, name, instance, "path", path, "le", le);
          }
        }
      }
      out.write("# EOF\n");
    }
    RealPrometheus.blocks(folder, file);
  }

  private enum Kind {
    GAUGE,
    STEPS,
    COUNTER,
    TIME,
    GAPS
  }

  private void write(
      BufferedWriter out, Random random, Kind kind, String name, String instance, String... more)
      throws IOException {
    Labels.Builder builder = Labels.of(more).toBuilder().set(Labels.NAME, name);
    Labels labels = builder.set("instance", instance).set("job", "demo").build();
    String text = name + labels.without(Labels.NAME).toString().replace(", ", ",");
    double value = kind == Kind.STEPS ? 4 : 1e9 * random.nextDouble();
    for (int i = 0; i < 720; i++) {
      long time = START + i * 5000L + random.nextInt(900);
      boolean gap = kind == Kind.GAPS && (i / 40) % 3 == 1;
      value =
          switch (kind) {
            case GAUGE, GAPS -> value + random.nextGaussian() * 1e6;
            case STEPS -> random.nextInt(100) == 0 ? 1 + random.nextInt(8) : value;
            case TIME -> i % 60 == 0 ? Math.floorDiv(time, 1000L) : value;
            case COUNTER ->
                random.nextInt(200) == 0 ? random.nextDouble() * 10 : value + random.nextDouble();
          };
      if (!gap && random.nextInt(50) != 0) {
        out.write(text + " " + value + " " + time / 1000 + String.format(".%03d\n", time % 1000));
        store.append(labels, time, value);
      }
    }
  }
}
