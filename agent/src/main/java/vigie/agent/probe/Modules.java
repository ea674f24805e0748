package vigie.agent.probe;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Probers.Prober;
import vigie.base.config.Section;
import vigie.base.time.Durations;

/** Reads {@code modules:}, in the grammar of blackbox_exporter's configuration. */
public final class Modules {
  private static final String NO_GRPC =
      "prober \"grpc\" is not to be had; probe its port with prober tcp, or run"
          + " grpc_health_probe by prober exec";

  private Modules() {}

  /**
   * A module of the configuration.
   *
   * @param timeout for a whole run; null where it states none
   */
  public record Named(Module module, @Nullable Duration timeout) {
    /** Its settings as lines {@code key: value} for people, without what may be secret. */
    public String text() {
      return ModuleText.of(module)
          + (timeout == null ? "" : "timeout: " + Durations.format(timeout) + "\n");
    }
  }

  /** The modules by their names, in the file's order; faults go to the section's. */
  public static Map<String, Named> readAll(Section agent) {
    Map<String, Named> all = new LinkedHashMap<>();
    Section modules = agent.section("modules");
    for (String name : modules.keys()) {
      Named module = read(modules.section(name));
      if (module != null) {
        all.put(name, module);
      }
    }
    return all;
  }

  private static @Nullable Named read(Section section) {
    String name = section.requiredString("prober");
    Prober prober = Probers.named(name);
    if (prober == null) {
      if (!name.isEmpty()) {
        section.fault(
            "prober",
            name.equals("grpc")
                ? NO_GRPC
                : "prober \"" + name + "\" is not one of " + String.join(", ", Probers.names()));
      }
      return null;
    }
    Section settings = section.section(name);
    Module module = prober.read().apply(settings);
    settings.end();
    Duration timeout =
        section.duration("timeout", module.timeout(), Duration.ofMillis(10), Duration.ofMinutes(1));
    section.end();
    return new Named(module, timeout);
  }
}
