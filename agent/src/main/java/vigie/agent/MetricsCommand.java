package vigie.agent;

import io.micrometer.core.instrument.MeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import vigie.agent.expose.Exposition;
import vigie.agent.metric.Meters;
import vigie.agent.metric.NodeCollector;
import vigie.agent.metric.NodeMetrics;
import vigie.base.time.Clock;

/** {@code agent metrics}. */
@Command(
    name = "metrics",
    description = {
      "Prints once what the agent measures on this machine, as /metrics would, without listening"
          + " anywhere. Probes and the agent's own meters are those of a running agent only."
    },
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.class,
    footer = {
      "",
      "Examples:",
      "  agent metrics",
      "  agent metrics --path.procfs /host/proc --path.sysfs /host/sys --path.rootfs /host"
    })
final class MetricsCommand implements Callable<Integer> {
  private static final int MOST_THREADS = 64;

  @Mixin private Options options = new Options();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    AgentConfig config = options.load();
    Clock clock = Clock.system();
    PrometheusRegistry registry = new PrometheusRegistry();
    MeterRegistry meters = Meters.in(registry);
    try (Threads.Pool blocking = new Threads(meters).direct("read", MOST_THREADS)) {
      NodeCollector node =
          NodeMetrics.host(options.roots(), clock, blocking, config.collectors())
              .with(config.nodeMeta(), Version.VIGIE)
              .collector(blocking);
      registry.register(node);
      spec.commandLine().getOut().print(new Exposition(registry, node, meters, clock).text());
      spec.commandLine().getOut().flush();
    }
    return Main.DONE;
  }
}
