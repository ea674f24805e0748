package vigie.agent;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import vigie.agent.probe.Modules;
import vigie.agent.probe.OnDemand;
import vigie.agent.probe.Probe;
import vigie.agent.probe.ProbeConfig;
import vigie.agent.probe.ProbeResult;
import vigie.agent.probe.ProbeTools;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Nearest;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.base.time.ThreadScheduler;

/** {@code agent probe URL}. */
@Command(
    name = "probe",
    description = {
      "Runs one probe once and prints each step with its time. Exit code 0: up; 1: down."
    },
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.class,
    footer = {
      "",
      "Examples:",
      "  agent probe tcp://127.0.0.1:13337",
      "  agent probe calculatrice --config agent.yaml",
      "  agent probe 'file:///var/backups/*.dump' --set max_age=26h",
      "  agent probe --timeout 500ms --expect '^220 ' tcp://mail.example.org:25"
    })
final class ProbeCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "URL|NAME",
      description = "What to probe, such as tcp://HOST:PORT, or the name of a configured probe.")
  private String url = "";

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      description = "For the whole run (default: the probe's or its kind's, 2s for tcp).")
  private @Nullable String timeout;

  @Option(
      names = "--module",
      paramLabel = "NAME",
      description = "Probes the URL, with or without its scheme, by this one of the modules:.")
  private @Nullable String module;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A key of the probe as in the configuration; may be given several times.")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--send",
      paramLabel = "TEXT",
      description =
          "What to write once connected; \\n, \\r and \\t stand for what they usually do.")
  private @Nullable String send;

  @Option(
      names = "--expect",
      paramLabel = "REGEX",
      description = "What the answer must contain, as an RE2 expression.")
  private @Nullable String expect;

  @Mixin private Options options = new Options();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    ProbeConfig config = config();
    PrintWriter out = spec.commandLine().getOut();
    Clock clock = Clock.system();
    Threads threads = new Threads(new SimpleMeterRegistry());
    try (ThreadScheduler scheduler =
            new ThreadScheduler(
                threads.named("scheduler"), failure -> threads.failed("scheduler", failure));
        EventLoops loops = EventLoops.nio(1, "vigie-net");
        Threads.Pool lookups = threads.bounded("lookup", 1, 1);
        Threads.Pool blocking = threads.bounded("blocking", 2, 2)) {
      ProbeTools tools =
          new ProbeTools(
              options.roots(), clock, scheduler, loops, Lookup.SYSTEM, lookups, blocking);
      warmUp(tools);
      try (Probe probe = config.module().probe(config.target(), config.timeout(), tools)) {
        CompletableFuture<ProbeResult> result = new CompletableFuture<>();
        probe.run(result::complete, (at, what) -> step(out, at, what));
        return told(out, probe, result.join());
      }
    }
  }

  /** A run against ourselves, so that the times are not those of loading classes. */
  private static void warmUp(ProbeTools tools) {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String self = Addresses.format((InetSocketAddress) socket.getLocalSocketAddress());
      ProbeConfig config = ProbeConfig.tcp("self", self);
      CompletableFuture<ProbeResult> result = new CompletableFuture<>();
      config.module().probe(self, config.timeout(), tools).run(result::complete);
      result.join();
    } catch (IOException e) {
      // Then the times are too long; the answer is the same.
    }
  }

  private Integer told(PrintWriter out, Probe probe, ProbeResult result) {
    if (result instanceof ProbeResult.Up up) {
      step(out, up.took(), "up");
      return Main.DONE;
    }
    if (result instanceof ProbeResult.Down down) {
      step(out, down.took(), "down: " + down.reason());
      String hint = probe.hint();
      if (!hint.isEmpty()) {
        out.println("             " + hint);
      }
      return Main.NO;
    }
    out.println("could not run: " + ((ProbeResult.NotRun) result).reason());
    return Main.NO;
  }

  private static void step(PrintWriter out, Duration at, String what) {
    out.printf(Locale.ROOT, "%8.1f ms  %s%n", at.toNanos() / 1e6, what);
  }

  private ProbeConfig config() {
    Faults faults = new Faults();
    try {
      ProbeConfig config = config(faults);
      faults.throwIfAny();
      return timeout == null ? config : config.within(Durations.parse(timeout));
    } catch (IllegalArgumentException | ConfigException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private ProbeConfig config(Faults faults) {
    String by = module;
    if ((by != null || !url.contains("://"))
        && (send != null || expect != null || !settings.isEmpty())) {
      throw new IllegalArgumentException(
          "--set, --send and --expect go with a URL alone; what is configured has its own keys");
    }
    if (by != null) {
      OnDemand known = options.load().onDemand();
      Modules.Named named = known.module(by);
      if (named == null) {
        throw new IllegalArgumentException(
            "module \""
                + by
                + "\" is not under modules"
                + didYouMean(by, known.modules().keySet()));
      }
      return ProbeConfig.by(named, url);
    }
    if (url.contains("://")) {
      return ProbeConfig.parse(url, settings(faults));
    }
    List<ProbeConfig> configured = options.load().probes();
    for (ProbeConfig each : configured) {
      if (each.name().equals(url)) {
        return each;
      }
    }
    List<String> names = configured.stream().map(ProbeConfig::name).toList();
    throw new IllegalArgumentException(
        "\""
            + url
            + "\" is no URL such as tcp://HOST:PORT and no configured probe"
            + didYouMean(url, names));
  }

  private static String didYouMean(String text, Collection<String> known) {
    String nearest = Nearest.of(text, known);
    return nearest == null ? "" : "; did you mean \"" + nearest + "\"?";
  }

  /** The options as if they stood in a file, so that they are read and refused alike. */
  private Section settings(Faults faults) {
    Map<String, String> all = new LinkedHashMap<>();
    if (send != null) {
      all.put("send", quoted(unescaped(send)));
    }
    if (expect != null) {
      all.put("expect", quoted(expect));
    }
    all.putAll(settings);
    StringBuilder yaml = new StringBuilder();
    all.forEach((key, value) -> yaml.append(key).append(": ").append(value).append('\n'));
    return Yaml.parse(Path.of("options"), yaml.toString(), Map.of(), faults);
  }

  private static String quoted(String text) {
    return '"'
        + text.replace("\\", "\\\\")
            .replace("\"", "\\\"")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
            .replace("\t", "\\t")
        + '"';
  }

  private static String unescaped(String text) {
    return text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t");
  }
}
