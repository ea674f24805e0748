package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.store.sample.MemorySampleStore;
import vigie.collector.testing.RealPrometheus;
import vigie.collector.testing.TwinSamples;

/**
 * Random queries over random series, asked of the real Prometheus 3 and of this engine; {@code
 * -Dsoak.queries=10000} asks more, {@code -Dfuzz.seed=N} others.
 */
class RandomQueriesIT {
  private static final int QUERIES = Integer.getInteger("soak.queries", 300);

  /** Fixed, so that a build fails for what was changed in it and not by chance. */
  private static final long SEED = Long.getLong("fuzz.seed", 20261122);

  private static final int MOST_TOLD = 30;

  @TempDir Path folder;

  @Test
  void givenRandomSeries_whenAskedRandomQueries_thenAnswersAgree() throws Exception {
    compare(false);
  }

  @Test
  void givenRandomHistograms_whenAskedRandomQueries_thenAnswersAgree() throws Exception {
    compare(true);
  }

  private void compare(boolean histograms) throws Exception {
    System.out.println("fuzz.seed=" + SEED);
    Random random = new Random(SEED);
    MemorySampleStore store = new MemorySampleStore(10_000);
    Engine engine = new Engine(store, EngineOptions.defaults());
    RandomQueries queries = new RandomQueries(random, histograms);
    List<String> differences = new ArrayList<>();
    int answered = 0;
    int refused = 0;
    try (RealPrometheus prometheus =
        RealPrometheus.start(
            folder,
            "",
            "--web.enable-remote-write-receiver",
            "--enable-feature=native-histograms")) {
      TwinSamples samples = new TwinSamples();
      RandomSeries series = new RandomSeries(random, samples);
      series.fill();
      if (histograms) {
        series.fillHistograms();
      }
      samples.send(store, prometheus);
      Twins twins = new Twins(engine, prometheus);
      for (int i = 0; i < QUERIES && differences.size() < MOST_TOLD; i++) {
        String query = queries.next();
        long from = RandomSeries.START + 300_000 + random.nextInt(1_500_000);
        long step = 1 + random.nextInt(120_000);
        long to = from + step * random.nextInt(30);
        JsonNode theirs = twins.theirs(query, from, to, step);
        answered += theirs.path("data").path("result").isEmpty() ? 0 : 1;
        refused += theirs.path("status").asText().equals("error") ? 1 : 0;
        String difference = twins.compare(query, from, to, step, theirs);
        if (!difference.isEmpty()) {
          differences.add(
              query + " from " + from + " to " + to + " step " + step + "\n    " + difference);
        }
      }
    }
    System.out.println(
        QUERIES + " random queries: " + answered + " found something, " + refused + " failed");

    assertThat(differences).as("seed " + SEED).isEmpty();
    assertThat(answered).as("queries that found something").isGreaterThan(QUERIES / 3);
  }
}
