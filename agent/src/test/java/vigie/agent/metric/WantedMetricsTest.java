package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import vigie.agent.metric.CollectorsConfig.Chosen;
import vigie.agent.probe.Measure;
import vigie.agent.probe.Probers;

/**
 * What common dashboards (Node Exporter Full among them) and rules ask for: all collectors over all
 * trees, and what probes measure, give every name with its type and labels.
 */
class WantedMetricsTest {
  private static final Path WANTED = Path.of("src/test/resources/wanted/wanted.tsv");

  /** What the agent does not give, and why. */
  private static final Map<String, String> NOT_GIVEN =
      Map.of(
          "node_kernel_hung_tasks", "no exporter has it; node_kernel_hung_tasks_total is meant",
          "node_memory_Cached", "no exporter has it; node_memory_Cached_bytes is meant",
          "blackbox_exporter_config_last_reload_successful",
              "of the exporter itself; ours is vigie_config_last_reload_successful");

  /** Named and typed here; its labels need a systemd to answer, see SystemdIT. */
  private static final String SYSTEMD = "(node_)?systemd_.*";

  /** What tells more than the defaults; each collector takes those that it knows. */
  private static final Map<String, List<String>> OPTIONS =
      Map.of("fields", List.of("."), "unit_exclude", List.of(""));

  @Test
  void givenNamesThatDashboardsWant_whenAllIsOn_thenEachIsGivenOrHasAReason() throws IOException {
    Map<String, Metric> given = given();
    List<String> faults = new ArrayList<>();
    for (Wanted wanted : wanted()) {
      Metric metric = given.get(wanted.name);
      if (NOT_GIVEN.containsKey(wanted.name) || metric == null) {
        if (NOT_GIVEN.containsKey(wanted.name) == (metric != null)) {
          faults.add(wanted.name + (metric == null ? " is not given" : " is given after all"));
        }
        continue;
      }
      if (!metric.type.equals(wanted.type)) {
        faults.add(wanted.name + " is a " + metric.type + ", wanted as " + wanted.type);
      }
      if (!metric.seen && !wanted.name.matches(SYSTEMD)) {
        faults.add(wanted.name + " has a value on no tree");
      } else if (metric.seen && !metric.labels.equals(wanted.labels)) {
        faults.add(wanted.name + " has " + metric.labels + ", wanted with " + wanted.labels);
      }
    }
    assertThat(faults).isEmpty();
  }

  private static List<Wanted> wanted() throws IOException {
    List<Wanted> all = new ArrayList<>();
    for (String line : Files.readAllLines(WANTED).stream().skip(1).toList()) {
      String[] fields = line.split("\t", -1);
      Set<String> labels = new TreeSet<>(Arrays.asList(fields[2].split(",")));
      labels.remove("-");
      labels.remove("device_error"); // empty, which is as good as none, but for broken mounts
      all.add(new Wanted(fields[0], fields[1], labels));
    }
    assertThat(all).hasSize(256);
    return all;
  }

  private static Map<String, Metric> given() throws IOException {
    Map<String, Chosen> on = new HashMap<>();
    NodeMetrics.COLLECTORS.forEach(e -> on.put(e.name(), new Chosen(true, OPTIONS)));
    Map<String, Metric> given = new HashMap<>();
    for (Measure measure : Probers.measures()) {
      Metric metric = new Metric("gauge", new TreeSet<>(measure.labelNames()));
      metric.seen = true;
      given.put(measure.name(), metric);
    }
    for (Fixture fixture : Fixture.all()) {
      NodeCollector node = fixture.metrics(new CollectorsConfig(on)).collector(Runnable::run);
      List<MetricSnapshot> snapshots = new ArrayList<>();
      node.collect().forEach(snapshots::add);
      for (Subject subject : node.subjects()) {
        for (Family family : subject.families()) {
          given.computeIfAbsent(family.name(), n -> new Metric(family.type(), new TreeSet<>()));
        }
      }
      for (MetricSnapshot snapshot : snapshots) {
        given
            .computeIfAbsent(
                snapshot.getMetadata().getName(), n -> new Metric(type(snapshot), new TreeSet<>()))
            .add(snapshot);
      }
    }
    return given;
  }

  /** Of what the collector tells about itself, which is no subject's. */
  private static String type(MetricSnapshot snapshot) {
    return snapshot instanceof GaugeSnapshot ? "gauge" : "other";
  }

  private record Wanted(String name, String type, Set<String> labels) {}

  private static final class Metric {
    private final String type;
    private final Set<String> labels;
    private boolean seen;

    Metric(String type, Set<String> labels) {
      this.type = type;
      this.labels = labels;
    }

    /** Every sample of a probe has its name and target besides. */
    void add(MetricSnapshot snapshot) {
      boolean probe = snapshot.getMetadata().getName().startsWith("probe_");
      snapshot.getDataPoints().forEach(p -> p.getLabels().forEach(l -> labels.add(l.getName())));
      if (probe) {
        labels.removeAll(List.of("probe", "target"));
      }
      seen = true;
    }
  }
}
