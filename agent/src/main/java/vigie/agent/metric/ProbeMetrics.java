package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import vigie.agent.probe.ProbeResult;
import vigie.agent.probe.ProbeStatus;

/**
 * {@code probe_*} as blackbox_exporter names them, for each probe that has a result. The reason of
 * a failure is told by the event, not by a label: it would make a new series of each wording.
 */
final class ProbeMetrics implements Subject {
  private final Family success =
      Family.gauge("probe_success", "Whether the last run of the probe succeeded.");
  private final Family duration =
      Family.gauge("probe_duration_seconds", "How long the last run of the probe took.");
  private final Family lookup =
      Family.gauge(
          "probe_dns_lookup_time_seconds", "How long the last run waited for the name lookup.");
  private final Family ended =
      Family.gauge(
          "vigie_probe_last_run_timestamp_seconds",
          "When the last run of the probe ended, in seconds since the epoch.");
  private final Family changed =
      Family.gauge(
          "vigie_probe_last_change_timestamp_seconds",
          "When the probe came into its present state, in seconds since the epoch.");
  private final LabelCache<ProbeName> labels =
      new LabelCache<>(name -> Labels.of("probe", name.probe, "target", name.target));
  private final Supplier<List<ProbeStatus>> probes;

  ProbeMetrics(Supplier<List<ProbeStatus>> probes) {
    this.probes = probes;
  }

  @Override
  public String name() {
    return "probe";
  }

  @Override
  public List<Family> families() {
    return List.of(success, duration, lookup, ended, changed);
  }

  @Override
  public void collect() {
    for (ProbeStatus status : probes.get()) {
      Labels of = labels.get(new ProbeName(status.config().name(), status.config().address()));
      ProbeResult last = status.last();
      if (last instanceof ProbeResult.Up up) {
        add(of, 1, up.took(), up.lookup(), up.at());
      } else if (last instanceof ProbeResult.Down down) {
        add(of, 0, down.took(), down.lookup(), down.at());
      }
      Instant since = status.since();
      if (since != null) {
        changed.add(of, since.toEpochMilli() / 1e3);
      }
    }
  }

  private void add(Labels of, int up, Duration took, Duration lookedUp, Instant at) {
    success.add(of, up);
    duration.add(of, took.toNanos() / 1e9);
    lookup.add(of, lookedUp.toNanos() / 1e9);
    ended.add(of, at.toEpochMilli() / 1e3);
  }

  private record ProbeName(String probe, String target) {}
}
