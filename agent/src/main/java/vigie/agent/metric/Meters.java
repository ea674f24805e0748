package vigie.agent.metric;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** The meters of the agent itself, in the same registry as the node's metrics. */
public final class Meters {
  private Meters() {}

  /**
   * A registry for meters named {@code vigie.…}. A meter named like a metric of the node, of a
   * probe or of the process is refused: two of one name make every scrape fail.
   */
  public static MeterRegistry in(PrometheusRegistry registry) {
    PrometheusMeterRegistry meters =
        new PrometheusMeterRegistry(
            PrometheusConfig.DEFAULT, registry, io.micrometer.core.instrument.Clock.SYSTEM);
    meters.config().meterFilter(MeterFilter.deny(Meters::isForeign));
    return meters;
  }

  private static boolean isForeign(Meter.Id id) {
    String name = id.getName();
    return name.startsWith("node") || name.startsWith("probe") || name.startsWith("process");
  }
}
