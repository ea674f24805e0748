package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.metric.Fixture;
import vigie.agent.metric.Meters;
import vigie.agent.metric.NodeCollector;
import vigie.base.time.ManualClock;

/** The agent's whole {@code /metrics} over the tree of a real host. */
class GoldenMetricsTest {
  @ParameterizedTest
  @ValueSource(strings = {"vm-6.18", "pi4-6.6", "pizero-6.6", "container-6.1", "server-6.1"})
  void givenTreeOfAHost_whenScraped_thenTheExpositionIsTheGoldenOne(String name)
      throws IOException {
    Fixture fixture = new Fixture(name);
    PrometheusRegistry registry = new PrometheusRegistry();
    NodeCollector node = fixture.metrics().collector(Runnable::run);
    registry.register(node);
    MeterRegistry meters = Meters.in(registry);
    Exposition exposition = new Exposition(registry, node, meters, new ManualClock());

    // Some labels are paths.
    String text = exposition.text().replace(fixture.folder().toString(), "");

    Path golden = fixture.folder().resolve("golden/metrics.txt");
    if (System.getProperty("golden.update") != null) {
      Files.createDirectories(golden.getParent());
      Files.writeString(golden, text);
    }
    assertThat(text)
        .as("rewrite %s with -Dgolden.update and look at the difference", golden)
        .isEqualTo(Files.readString(golden));
  }
}
