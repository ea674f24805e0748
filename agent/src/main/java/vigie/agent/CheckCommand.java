package vigie.agent;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.probe.Listening;
import vigie.agent.probe.Probe;
import vigie.agent.probe.ProbeConfig;
import vigie.agent.probe.ProbeResult;
import vigie.agent.probe.ProbeTools;
import vigie.agent.push.PushConfig;
import vigie.agent.ship.ShipConfig;
import vigie.agent.ship.Target;
import vigie.agent.source.SourceFault;
import vigie.agent.source.Sources;
import vigie.agent.source.SourcesConfig;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.net.SocketOwners;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.base.time.ThreadScheduler;

/** {@code agent check}. */
@Command(
    name = "check",
    description = {
      "Says everything that is wrong with the configuration, and what can never work on this"
          + " machine: a probe that is not up, with what listens instead; a spool that cannot be"
          + " written; an address that is taken. Exit code 0: all well; 1: something is wrong."
    },
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.class,
    footer = {"", "Examples:", "  agent check", "  agent check --config agent.yaml"})
final class CheckCommand implements Callable<Integer> {
  /** As which the installed unit runs. */
  private static final String SERVICE_USER = "vigie-agent";

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  // All hanging programs and disks at once, so that the check is over after the longest timeout.
  private static final int MOST_BLOCKING = 256;
  private static final String USER = System.getProperty("user.name", "unknown");

  @Mixin private Options options = new Options();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Faults faults = new Faults();
    List<String> found = new ArrayList<>();
    AgentConfig config = null;
    try {
      config = options.load(faults);
      found.addAll(faults.all());
    } catch (ConfigException e) {
      found.addAll(e.faults());
    }
    faults.warnings().forEach(warning -> out.println("warning: " + warning));
    if (config != null) {
      checkListen(config.listen(), found);
      checkSpool(config.spool().path(), found);
      checkTextfiles(config.collectors(), found);
      checkSources(config.sources(), found, out);
      checkUser(out);
      checkProbes(config.probes(), found);
      checkCollectors(config.ship(), out, found);
      if (config.push() != null) {
        checkPush(config.push(), out);
      }
    }
    found.forEach(out::println);
    if (found.isEmpty()) {
      out.println("all well");
    }
    return found.isEmpty() ? Main.DONE : Main.NO;
  }

  private void checkListen(InetSocketAddress address, List<String> found) {
    InetSocketAddress resolved = new InetSocketAddress(address.getHostString(), address.getPort());
    if (resolved.isUnresolved()) {
      found.add("listen " + Addresses.format(address) + ": the name does not resolve");
      return;
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(resolved);
    } catch (IOException e) {
      if (!isHeldByAgent(resolved.getAddress(), address.getPort())) {
        found.add(
            "cannot listen on "
                + Addresses.format(address)
                + ": "
                + e.getMessage()
                + Agent.holder(address, options.roots())
                + "; set another listen");
      }
    }
  }

  /** The agent that already runs with this configuration is no fault. */
  private boolean isHeldByAgent(InetAddress address, int port) {
    Path procfs = options.roots().procfs();
    SocketOwners.Owner holder = new Listening(procfs).holder(address, port);
    if (holder == null) {
      return false;
    }
    try {
      Path commandLine = procfs.resolve(Long.toString(holder.pid())).resolve("cmdline");
      return Files.readString(commandLine).contains(Main.class.getName());
    } catch (IOException e) {
      return false;
    }
  }

  /** The folder itself, or where it is still to be made the nearest one above it. */
  private static void checkSpool(Path path, List<String> found) {
    Path there = path.toAbsolutePath();
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      found.add(
          "spool "
              + path
              + ": "
              + there
              + (Files.isDirectory(there) ? " cannot be written by user " + USER : " is no folder")
              + "; make it writable or set another spool.path");
    }
  }

  /** Wildcards may match nothing yet. */
  private static void checkTextfiles(CollectorsConfig collectors, List<String> found) {
    CollectorsConfig.Chosen chosen = collectors.of("textfile");
    for (String directory : chosen.options().getOrDefault("directory", List.of())) {
      if (Boolean.FALSE.equals(chosen.enabled())
          || directory.isEmpty()
          || directory.matches(".*[*?\\[].*")) {
        continue;
      }
      Path folder = Path.of(directory);
      if (!Files.isDirectory(folder)) {
        found.add("collectors.textfile.directory " + folder + " is no folder; make it");
      } else if (!Files.isReadable(folder) || !Files.isExecutable(folder)) {
        found.add(
            "collectors.textfile.directory "
                + folder
                + " cannot be read by user "
                + USER
                + "; chmod o+rx "
                + folder);
      }
    }
  }

  /** What nobody asked for is only told. */
  private void checkSources(SourcesConfig sources, List<String> found, PrintWriter out) {
    for (SourceFault fault : Sources.check(sources, options.roots())) {
      if (fault.wanted()) {
        found.add(fault.message());
      } else {
        out.println("warning: " + fault.message());
      }
    }
  }

  /** Only a warning: the agent may well run as root where it is not installed as a service. */
  private void checkUser(PrintWriter out) {
    Path users = options.roots().rootfs().resolve("etc/passwd");
    try {
      if (USER.equals("root") && Files.readString(users).contains("\n" + SERVICE_USER + ":")) {
        out.println(
            "warning: checked as root, who may read everything; to see what the service may: runuser"
                + " -u "
                + SERVICE_USER
                + " -- agent check");
      }
    } catch (IOException e) {
      // No list of users, so no service user either.
    }
  }

  /** What is not up is told in the configured order. */
  private void checkProbes(List<ProbeConfig> probes, List<String> found) {
    run(probes)
        .forEach(
            (probe, reason) ->
                found.add(
                    "probe \"" + probe.name() + "\" " + probe.target() + " is not up: " + reason));
  }

  /** One that is away is only a warning, since events wait in the spool. */
  private void checkCollectors(ShipConfig ship, PrintWriter out, List<String> found) {
    for (Target target : ship.targets()) {
      warn("collector", target.address(), "events wait in the spool until it does", out);
    }
    try {
      if (ship.targets().stream().anyMatch(Target::tls)) {
        ship.tls().handler(ByteBufAllocator.DEFAULT, "localhost", 1);
      }
    } catch (IOException e) {
      found.add("tls: " + e.getMessage());
    }
  }

  /** Likewise. */
  private void checkPush(PushConfig push, PrintWriter out) {
    warn(
        "push.url",
        push.address(),
        "samples wait for " + Durations.format(push.maxAge()) + " at most",
        out);
  }

  private void warn(String what, InetSocketAddress address, String meanwhile, PrintWriter out) {
    run(List.of(ProbeConfig.tcp(what, Addresses.format(address))))
        .forEach(
            (probe, reason) ->
                out.println(
                    "warning: "
                        + what
                        + " "
                        + probe.target()
                        + " does not answer: "
                        + reason
                        + "; "
                        + meanwhile));
  }

  /** Runs all probes once, at the same time; gives the reasons of those that are down. */
  private Map<ProbeConfig, String> run(List<ProbeConfig> configs) {
    List<Running> running = new ArrayList<>();
    Map<ProbeConfig, String> reasons = new LinkedHashMap<>();
    Threads threads = new Threads(new SimpleMeterRegistry());
    int most = Math.max(1, configs.size());
    try (ThreadScheduler scheduler =
            new ThreadScheduler(
                threads.named("scheduler"), failure -> threads.failed("scheduler", failure));
        EventLoops loops = EventLoops.nio(1, "vigie-net");
        Threads.Pool lookups = threads.bounded("lookup", 4, most);
        Threads.Pool blocking = threads.bounded("blocking", MOST_BLOCKING, most)) {
      ProbeTools tools =
          new ProbeTools(
              options.roots(), Clock.system(), scheduler, loops, Lookup.SYSTEM, lookups, blocking);
      for (ProbeConfig config : configs) {
        Probe probe = config.module().probe(config.target(), config.timeout(), tools);
        Running run = new Running(config, probe, new CompletableFuture<>());
        running.add(run);
        probe.run(run.result::complete);
      }
      scheduler.after(PATIENCE, () -> progress(running));
      for (Running run : running) {
        ProbeResult found = run.result.join();
        if (found instanceof ProbeResult.Down down) {
          String hint = run.probe.hint();
          reasons.put(run.config, down.reason() + (hint.isEmpty() ? "" : "; " + hint));
        } else if (found instanceof ProbeResult.NotRun notRun) {
          reasons.put(run.config, "it could not run: " + notRun.reason());
        }
        run.probe.close();
      }
    }
    return reasons;
  }

  /** To the error stream, which nobody parses. */
  private void progress(List<Running> running) {
    List<ProbeConfig> left = new ArrayList<>();
    Duration longest = Duration.ZERO;
    for (Running run : running) {
      if (!run.result.isDone()) {
        left.add(run.config);
        longest = run.config.timeout().compareTo(longest) > 0 ? run.config.timeout() : longest;
      }
    }
    if (!left.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println(
              "waiting for "
                  + left.size()
                  + " of "
                  + running.size()
                  + " probes, such as \""
                  + left.get(0).name()
                  + "\"; the longest timeout is "
                  + Durations.format(longest));
    }
  }

  /** A probe under way. */
  private record Running(ProbeConfig config, Probe probe, CompletableFuture<ProbeResult> result) {}
}
