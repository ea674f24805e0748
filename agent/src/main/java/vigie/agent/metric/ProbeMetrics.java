package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import vigie.agent.probe.Measure;
import vigie.agent.probe.ProbeConfig;
import vigie.agent.probe.ProbeResult;
import vigie.agent.probe.ProbeStatus;
import vigie.agent.probe.Probers;

/**
 * {@code probe_*} as blackbox_exporter names them, for each probe that has a result. The reason of
 * a failure is told by the event, not by a label: it would make a new series of each wording.
 */
final class ProbeMetrics implements Subject {
  private final Family success =
      Family.gauge("probe_success", "Whether the last run of the probe succeeded.");
  private final Family duration =
      Family.gauge("probe_duration_seconds", "How long the last run of the probe took.");
  private final Family slow =
      Family.gauge("vigie_probe_slow", "Whether the probe is up and slower than slow_over.");
  private final Family ended =
      Family.gauge(
          "vigie_probe_last_run_timestamp_seconds",
          "When the last run of the probe ended, in seconds since the epoch.");
  private final Family changed =
      Family.gauge(
          "vigie_probe_last_change_timestamp_seconds",
          "When the probe came into its present state, in seconds since the epoch.");
  private final Map<String, Family> measured = new HashMap<>();
  private final List<Family> families = new ArrayList<>();
  private final LabelCache<Series> labels = new LabelCache<>(Series::labels);
  private final Supplier<List<ProbeStatus>> probes;

  ProbeMetrics(Supplier<List<ProbeStatus>> probes) {
    this.probes = probes;
    families.addAll(List.of(success, duration, slow, ended, changed));
    for (Measure measure : Probers.measures()) {
      Family family = Family.gauge(measure.name(), measure.help());
      measured.put(measure.name(), family);
      families.add(family);
    }
  }

  @Override
  public String name() {
    return "probe";
  }

  @Override
  public List<Family> families() {
    return families;
  }

  @Override
  public void collect() {
    for (ProbeStatus status : probes.get()) {
      ProbeConfig config = status.config();
      Labels of = labels.get(new Series(config.name(), config.target(), List.of(), List.of()));
      ProbeResult last = status.last();
      if (last instanceof ProbeResult.Up up) {
        add(of, 1, up.took(), up.at());
      } else if (last instanceof ProbeResult.Down down) {
        add(of, 0, down.took(), down.at());
      }
      if (last != null) {
        for (Measure.Sample sample : last.samples()) {
          add(config, of, sample);
        }
      }
      if (config.damping().slowOver() != null && status.up() != null) {
        slow.add(of, status.slow() ? 1 : 0);
      }
      Instant since = status.since();
      if (since != null) {
        changed.add(of, since.toEpochMilli() / 1e3);
      }
    }
  }

  private void add(Labels of, int up, Duration took, Instant at) {
    success.add(of, up);
    duration.add(of, took.toNanos() / 1e9);
    ended.add(of, at.toEpochMilli() / 1e3);
  }

  private void add(ProbeConfig config, Labels of, Measure.Sample sample) {
    Measure measure = sample.measure();
    Family family = measured.get(measure.name());
    if (family == null) {
      throw new IllegalStateException("BUG: " + measure.name() + " is not in its prober's list");
    }
    Labels with =
        sample.labelValues().isEmpty()
            ? of
            : labels.get(
                new Series(
                    config.name(), config.target(), measure.labelNames(), sample.labelValues()));
    family.add(with, sample.value());
  }

  private record Series(
      String probe, String target, List<String> labelNames, List<String> labelValues) {
    Labels labels() {
      Labels labels = Labels.of("probe", probe, "target", target);
      for (int i = 0; i < labelNames.size(); i++) {
        labels = labels.add(labelNames.get(i), labelValues.get(i));
      }
      return labels;
    }
  }
}
