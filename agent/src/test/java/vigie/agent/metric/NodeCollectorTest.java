package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import vigie.base.time.ManualClock;

class NodeCollectorTest {
  @Test
  void givenSubjectsThatFail_whenCollected_thenTheyAreToldAndTheOthersAreThere() {
    Family good = Family.gauge("node_good", "Good.");
    Family half = Family.gauge("node_half", "Half.");
    Family twice = Family.gauge("node_twice", "Twice.");
    NodeCollector node =
        new NodeCollector(
            List.of(
                subject("good", good, () -> good.add(1)),
                subject(
                    "half",
                    half,
                    () -> {
                      half.add(2);
                      throw new IOException("gone");
                    }),
                subject(
                    "twice",
                    twice,
                    () -> {
                      twice.add(1);
                      twice.add(2);
                    }),
                subject(
                    "broken",
                    Family.gauge("node_broken", "Broken."),
                    () -> {
                      throw new IllegalStateException("BUG");
                    })),
            new ManualClock());

    MetricSnapshots snapshots = node.collect();

    assertThat(snapshots.stream().map(s -> s.getMetadata().getPrometheusName()))
        .containsExactly(
            "node_good",
            "node_half",
            "node_scrape_collector_duration_seconds",
            "node_scrape_collector_success");
    GaugeSnapshot success = (GaugeSnapshot) find(snapshots, "node_scrape_collector_success");
    assertThat(success.getDataPoints())
        .extracting(point -> point.getLabels().get("collector") + point.getValue())
        .containsExactlyInAnyOrder("good1.0", "half0.0", "twice0.0", "broken0.0");
    // What one scrape left behind does not come back in the next.
    assertThat(find(node.collect(), "node_half").getDataPoints()).hasSize(1);
  }

  @Test
  void givenValuesNotTold_whenAdded_thenTheyAreLeftOut() {
    Family gauge = Family.gauge("g", "G.");
    Family counter = Family.counter("c_total", "C.");
    gauge.add(Double.NaN);
    gauge.add(Labels.of("a", "b"), -1);
    counter.add(Double.NaN);
    counter.add(-1);

    assertThat(counter.take()).isNull();
    MetricSnapshot taken = gauge.take();
    assertThat(taken).isNotNull();
    assertThat(taken.getDataPoints()).hasSize(1);
    assertThat(gauge.take()).isNull();
  }

  private static MetricSnapshot find(MetricSnapshots snapshots, String name) {
    return snapshots.stream()
        .filter(s -> s.getMetadata().getPrometheusName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Subject subject(String name, Family family, Collecting collecting) {
    return new Subject() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public List<Family> families() {
        return List.of(family);
      }

      @Override
      public void collect() throws IOException {
        collecting.run();
      }
    };
  }

  private interface Collecting {
    void run() throws IOException;
  }
}
