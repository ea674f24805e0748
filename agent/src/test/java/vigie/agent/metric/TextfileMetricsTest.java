package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.time.ManualClock;

class TextfileMetricsTest {
  @TempDir Path folder;

  private NodeCollector node(boolean mayBeMissing, Subject... others) {
    List<Subject> subjects = new java.util.ArrayList<>(List.of(others));
    subjects.add(0, new TextfileMetrics(List.of(folder.toString()), mayBeMissing));
    return new NodeCollector(subjects, new ManualClock(), Runnable::run, Duration.ofSeconds(1));
  }

  private static List<String> values(MetricSnapshots snapshots) {
    return snapshots.stream()
        .filter(s -> !s.getMetadata().getName().startsWith("node_scrape"))
        .filter(s -> !s.getMetadata().getName().startsWith("vigie_"))
        .filter(s -> !s.getMetadata().getName().equals("node_textfile_mtime_seconds"))
        .map(TextfileMetricsTest::value)
        .toList();
  }

  private static String value(MetricSnapshot snapshot) {
    String error = snapshot.getMetadata().getName();
    return error
        + snapshot.getDataPoints().stream()
            .map(
                point ->
                    point
                            instanceof
                            io.prometheus.metrics.model.snapshots.GaugeSnapshot
                                    .GaugeDataPointSnapshot
                                gauge
                        ? " " + gauge.getValue()
                        : " *")
            .toList();
  }

  @Test
  void givenFileThatChanges_whenCollected_thenItsNewContent() throws IOException {
    Files.writeString(folder.resolve("a.prom"), "# TYPE a gauge\na 1\n");
    NodeCollector node = node(false);
    assertThat(values(node.collect()))
        .containsExactly("a[ 1.0]", "node_textfile_scrape_error[ 0.0]");
    assertThat(values(node.collect()))
        .containsExactly("a[ 1.0]", "node_textfile_scrape_error[ 0.0]");

    Files.writeString(folder.resolve("a.prom"), "# TYPE a gauge\na 22\n");
    assertThat(values(node.collect()))
        .containsExactly("a[ 22.0]", "node_textfile_scrape_error[ 0.0]");

    Files.writeString(folder.resolve("a.prom"), "# TYPE a gauge\na 333");
    assertThat(values(node.collect())).containsExactly("node_textfile_scrape_error[ 1.0]");

    Files.delete(folder.resolve("a.prom"));
    assertThat(values(node.collect())).containsExactly("node_textfile_scrape_error[ 0.0]");
  }

  @Test
  void givenFaultsOfEachKind_whenCollected_thenTheRestIsToldAndTheErrorIsSet() throws IOException {
    Files.writeString(folder.resolve("a.prom"), "# TYPE a gauge\na 1\n# TYPE d gauge\nd 1\nd 2\n");
    Files.writeString(folder.resolve("b.prom"), "# TYPE a counter\na{x=\"1\"} 1\n");
    Files.writeString(
        folder.resolve("h.prom"),
        "# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\n");
    Files.createSymbolicLink(folder.resolve("gone.prom"), folder.resolve("nowhere"));
    assertThat(values(node(false).collect()))
        .containsExactly("a[ 1.0]", "node_textfile_scrape_error[ 1.0]");
  }

  @Test
  void givenNameOfAnotherSubject_whenCollected_thenTheFileGivesWay() throws IOException {
    Files.writeString(folder.resolve("a.prom"), "node_load1 7\nvigie_x 1\nfree 1\n");
    Fixture fixture = new Fixture("vm-6.18");
    LoadMetrics load = new LoadMetrics(new vigie.agent.reader.LoadReader(fixture.roots()));
    MetricSnapshots snapshots = node(false, load).collect();
    assertThat(snapshots.stream().map(s -> s.getMetadata().getName()))
        .contains("free", "node_load1")
        .doesNotContain("vigie_x")
        .doesNotHaveDuplicates();
  }

  @Test
  void givenNoFolder_whenCollected_thenAnErrorOnlyWhereItWasConfigured() throws IOException {
    Files.delete(folder);
    assertThat(values(node(false).collect())).containsExactly("node_textfile_scrape_error[ 1.0]");
    assertThat(values(node(true).collect())).containsExactly("node_textfile_scrape_error[ 0.0]");
    Files.createDirectory(folder);
  }
}
