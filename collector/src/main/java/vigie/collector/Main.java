package vigie.collector;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import sun.misc.Signal;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.collector.cli.Commands;
import vigie.collector.dispatch.Routing;
import vigie.collector.label.Labels;
import vigie.collector.rule.RuleCheck;
import vigie.collector.rule.RuleTests;
import vigie.collector.sample.SampleStore;
import vigie.collector.store.sample.MemorySampleStore;

/** {@code collector}: runs it, checks its configuration, and asks a running one. */
@Command(
    name = "collector",
    description = "Vigie's collector: takes events and samples, evaluates rules, tells people.",
    subcommands = {Main.Run.class, Main.Check.class, Main.VersionCommand.class},
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = Main.VersionCommand.class,
    footer = {
      "",
      "Examples:",
      "  collector run --config /etc/vigie/collector.yaml",
      "  collector check",
      "  collector alerts list",
      "",
      "Exit codes: 0 done; 1 the answer is no; 2 bad usage or configuration; 3 the collector could not be reached; 4"
          + " refused."
    })
public final class Main {
  private static final Path DEFAULT_CONFIG = Path.of("/etc/vigie/collector.yaml");

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "show this help and exit")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "print the version and exit")
  private boolean version;

  /** Starts here. */
  public static void main(String[] args) {
    System.exit(commandLine(args.length == 0 ? "" : args[0]).execute(args));
  }

  static CommandLine commandLine() {
    return commandLine("");
  }

  private static CommandLine commandLine(String asked) {
    CommandLine root = new CommandLine(new Main());
    Commands.addTo(
        root,
        asked,
        new RuleTests(Main::emptyStore),
        new StoredEvents(),
        new StoredSamples(),
        file -> CollectorConfig.load(Optional.of(file), System.getenv(), new Faults()).routing());
    var clients = root.getExecutionExceptionHandler();
    root.setExecutionExceptionHandler(
        (e, command, parsed) -> {
          if (e instanceof ConfigException wrong) {
            command.getErr().println(wrong.getMessage());
            return 2;
          }
          return clients.handleExecutionException(e, command, parsed);
        });
    root.setUsageHelpAutoWidth(true);
    return root;
  }

  /** What a unit test of rules fills and throws away. */
  private static SampleStore emptyStore() {
    return new MemorySampleStore(1_000_000);
  }

  /** Where the configuration comes from; the same for run and check. */
  static final class ConfigOption {
    @Option(
        names = "--config",
        paramLabel = "FILE",
        description =
            "the configuration (default: VIGIE_CONFIG, else /etc/vigie/collector.yaml where it exists, else built-in defaults)")
    @Nullable Path file;

    Optional<Path> file() {
      if (file != null) {
        return Optional.of(file);
      }
      String fromEnvironment = System.getenv("VIGIE_CONFIG");
      if (fromEnvironment != null && !fromEnvironment.isEmpty()) {
        return Optional.of(Path.of(fromEnvironment));
      }
      return Files.exists(DEFAULT_CONFIG) ? Optional.of(DEFAULT_CONFIG) : Optional.empty();
    }
  }

  @Command(
      name = "run",
      description =
          "Run the collector until SIGTERM or Ctrl-C; SIGHUP reads the configuration anew.",
      footer = {"", "Example:", "  collector run --config collector.yaml"})
  static final class Run implements Callable<Integer> {
    @CommandLine.Mixin private final ConfigOption option = new ConfigOption();

    /** No constant, since a Run is made for every command and Logback takes a third of a second. */
    private static Logger log() {
      return LoggerFactory.getLogger(Collector.class);
    }

    @Override
    public Integer call() throws InterruptedException {
      Logger log = log();
      // First of all, for without it the signal ends the process; on a thread of its own.
      CompletableFuture<Collector> started = new CompletableFuture<>();
      Signal.handle(new Signal("HUP"), signal -> reload(started.join()));
      Faults faults = new Faults();
      Collector collector;
      try {
        Optional<Path> file = option.file();
        CollectorConfig config = CollectorConfig.load(file, System.getenv(), faults);
        faults.warnings().forEach(warning -> log.warn("configuration: {}", warning));
        collector = Collector.start(file, config);
      } catch (ConfigException e) {
        System.err.println(e.getMessage());
        return 2;
      } catch (UncheckedIOException e) {
        boolean denied = e.getCause() instanceof AccessDeniedException;
        String hint = "; make it writable for user " + System.getProperty("user.name");
        System.err.println(
            "collector: " + e.getMessage() + (denied ? hint + " or set another storage.path" : ""));
        return 2;
      }
      CountDownLatch stop = new CountDownLatch(1);
      Signal.handle(new Signal("TERM"), signal -> stop.countDown());
      Signal.handle(new Signal("INT"), signal -> stop.countDown());
      started.complete(collector);
      stop.await();
      log.info("stopping");
      collector.close();
      log.info("stopped");
      return 0;
    }

    private static void reload(Collector collector) {
      try {
        collector.reload();
      } catch (ConfigException e) {
        log().error("configuration is wrong, the old one stays in force: {}", e.getMessage());
      } catch (RuntimeException e) {
        log().error("reload failed, the old configuration may stay in force in part", e);
      }
    }
  }

  @Command(
      name = "check",
      description = "Check the configuration and all files it names, without starting.",
      footer = {
        "",
        "Examples:",
        "  collector check --config collector.yaml",
        "  VIGIE_ALERTMANAGER_FILE=alertmanager.yml collector check",
        "  collector check --route alertname=ProbeDown,node=p1"
      })
  static final class Check implements Callable<Integer> {
    @CommandLine.Mixin private final ConfigOption option = new ConfigOption();
    @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

    @Option(
        names = "--route",
        paramLabel = "LABELS",
        description = "print the way of an alert with these labels through the routes: a=b,c=d")
    private String route = "";

    @Override
    public Integer call() {
      var out =
          spec == null
              ? new java.io.PrintWriter(System.out, true, java.nio.charset.StandardCharsets.UTF_8)
              : spec.commandLine().getOut();
      Faults faults = new Faults();
      Optional<Path> file = option.file();
      CollectorConfig config;
      try {
        config = CollectorConfig.load(file, System.getenv(), faults);
      } catch (ConfigException e) {
        e.faults().forEach(out::println);
        out.println(e.faults().size() + (e.faults().size() == 1 ? " fault" : " faults"));
        return 1;
      }
      faults.warnings().forEach(warning -> out.println("warning: " + warning));
      RuleCheck.lint(config.rules(), config.routing().labels()).forEach(out::println);
      RoutesCheck routes = new RoutesCheck(config.routing(), config.rules());
      if (!route.isEmpty()) {
        routes.path(labels(route)).forEach(out::println);
        return 0;
      }
      routes.odd().forEach(out::println);
      routes.rules().forEach(out::println);
      int rules = config.rules().stream().mapToInt(g -> g.rules().size()).sum();
      out.println(
          file.map(Path::toString).orElse("built-in defaults")
              + ": good; "
              + rules
              + " rules in "
              + config.ruleFiles().size()
              + " files, "
              + config.scrapes().size()
              + " scrape jobs, receivers "
              + receivers(config.routing()));
      return 0;
    }

    private static String receivers(Routing routing) {
      return String.join(", ", new java.util.TreeSet<>(routing.receivers().keySet()));
    }

    private static Labels labels(String text) {
      Labels.Builder labels = new Labels.Builder();
      for (String pair : text.split(",", -1)) {
        int equals = pair.indexOf('=');
        if (equals < 1) {
          throw new ConfigException("--route \"" + text + "\": write label=value,label=value");
        }
        labels.set(pair.substring(0, equals), pair.substring(equals + 1));
      }
      return labels.build();
    }
  }

  @Command(name = "version", description = "Print the version.")
  static final class VersionCommand implements Callable<Integer>, CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "collector " + Version.VERSION + " on Java " + System.getProperty("java.version")
      };
    }

    @Override
    public Integer call() {
      System.out.println(getVersion()[0]);
      return 0;
    }
  }
}
