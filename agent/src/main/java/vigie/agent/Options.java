package vigie.agent;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import vigie.agent.reader.Roots;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;

/** The options that every command has that reads the configuration or the machine. */
final class Options {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "The configuration. Default: /etc/vigie/agent.yaml if it is there, else built-in"
              + " defaults; VIGIE_… variables fill what the file lacks.")
  @Nullable Path config;

  @Option(
      names = "--path.procfs",
      paramLabel = "DIR",
      defaultValue = "/proc",
      description = "Where procfs is mounted (default: ${DEFAULT-VALUE}).")
  Path procfs = Path.of("/proc");

  @Option(
      names = "--path.sysfs",
      paramLabel = "DIR",
      defaultValue = "/sys",
      description = "Where sysfs is mounted (default: ${DEFAULT-VALUE}).")
  Path sysfs = Path.of("/sys");

  @Option(
      names = "--path.rootfs",
      paramLabel = "DIR",
      defaultValue = "/",
      description = "What mount points are relative to (default: ${DEFAULT-VALUE}).")
  Path rootfs = Path.of("/");

  Roots roots() {
    return new Roots(procfs, sysfs, rootfs);
  }

  /** Reads the configuration; what is wrong and what is dubious goes to {@code faults}. */
  AgentConfig load(Faults faults) {
    return AgentConfig.load(config, roots(), System.getenv(), faults);
  }

  /**
   * Reads the configuration for use.
   *
   * @throws ConfigException with every fault, if there is one
   */
  AgentConfig load() {
    Faults faults = new Faults();
    AgentConfig loaded = load(faults);
    faults.throwIfAny();
    return loaded;
  }
}
