package vigie.agent;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import sun.misc.Signal;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;

/** {@code agent run}. */
@Command(
    name = "run",
    description = {
      "Runs the agent until SIGTERM or SIGINT. SIGHUP reads the configuration again; where the new"
          + " one is wrong, the old one stays."
    },
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.class,
    footer = {
      "",
      "Examples:",
      "  agent run",
      "  agent run --config /etc/vigie/agent.yaml",
      "  agent run --path.procfs /host/proc --path.sysfs /host/sys --path.rootfs /host"
    })
final class RunCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(Agent.class);

  private static final int MOST_STOPPING_MILLIS = 5_000;

  @Mixin private Options options = new Options();

  /**
   * Whether these arguments are {@code run} with options in their plain form. Those are read here,
   * since the library that reads all others costs a Pi Zero seconds at each start.
   */
  static boolean isPlain(String[] args) {
    return args.length > 0 && args[0].equals("run") && read(args) != null;
  }

  /** Runs with arguments that are plain. */
  static int plain(String[] args) {
    RunCommand command = new RunCommand();
    Options read = read(args);
    command.options = read == null ? new Options() : read;
    try {
      return command.call();
    } catch (ConfigException e) {
      System.err.println(e.getMessage());
      return Main.BAD;
    }
  }

  @SuppressWarnings("NullAway") // null: not plain
  private static Options read(String[] args) {
    Options options = new Options();
    for (int i = 1; i < args.length; i++) {
      int equals = args[i].indexOf('=');
      String name = equals < 0 ? args[i] : args[i].substring(0, equals);
      if (equals < 0 && ++i == args.length) {
        return null;
      }
      String value = equals < 0 ? args[i] : args[i].substring(equals + 1);
      try {
        Path path = Path.of(value);
        switch (name) {
          case "--config" -> options.config = path;
          case "--path.procfs" -> options.procfs = path;
          case "--path.sysfs" -> options.sysfs = path;
          case "--path.rootfs" -> options.rootfs = path;
          default -> {
            return null;
          }
        }
      } catch (InvalidPathException e) {
        return null;
      }
    }
    return options;
  }

  @Override
  public Integer call() {
    Logging.install(new PrintStream(System.out, true, StandardCharsets.UTF_8), Level.INFO);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> log.error("task failed thread={}", thread.getName(), failure));
    // First of all, for without it the signal ends the process; on a thread of its own.
    CompletableFuture<Agent> started = new CompletableFuture<>();
    on("HUP", () -> reload(started.join()));
    Faults faults = new Faults();
    AgentConfig config = options.load(faults);
    faults.throwIfAny();
    warn(faults);
    Agent agent = Agent.start(config, options.roots());
    CountDownLatch stop = new CountDownLatch(1);
    on("TERM", stop::countDown);
    on("INT", stop::countDown);
    started.complete(agent);
    try {
      stop.await();
    } catch (InterruptedException e) {
      log.info("interrupted, stopping");
    }
    return close(agent);
  }

  /** The JDK's own class, since there is no other way to hear of SIGHUP. */
  private static void on(String signal, Runnable task) {
    Signal.handle(new Signal(signal), received -> task.run());
  }

  /** Closes within five seconds; what is on the disk is safe even where that fails. */
  private static int close(Agent agent) {
    Thread closing = new Thread(agent::close, "vigie-stop");
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(MOST_STOPPING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (closing.isAlive()) {
      log.error("not stopped cleanly within limit limit={}ms", MOST_STOPPING_MILLIS);
      return Main.NO;
    }
    return Main.DONE;
  }

  private void reload(Agent agent) {
    Faults faults = new Faults();
    try {
      AgentConfig fresh = options.load(faults);
      faults.throwIfAny();
      warn(faults);
      agent.reload(fresh);
    } catch (ConfigException e) {
      agent.reloadFailed(e);
    }
  }

  private static void warn(Faults faults) {
    for (String warning : faults.warnings()) {
      log.warn("configuration is dubious warning=\"{}\"", warning);
    }
  }
}
