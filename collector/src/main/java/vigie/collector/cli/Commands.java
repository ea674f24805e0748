package vigie.collector.cli;

import java.nio.file.Path;
import java.util.function.Function;
import picocli.CommandLine;
import vigie.collector.dispatch.Routing;
import vigie.collector.rule.RuleTests;

/** The client commands, for the root to hang under {@code collector}. */
public final class Commands {
  private Commands() {}

  /**
   * Adds them all.
   *
   * @param tests runs unit tests of rules
   * @param files reaches events where they are stored
   * @param routing reads the routes of a configuration
   */
  public static void addTo(
      CommandLine root, RuleTests tests, EventFiles files, Function<Path, Routing> routing) {
    root.addSubcommand(new AlertsCommand());
    root.addSubcommand(new SilencesCommand());
    CommandLine events = new CommandLine(new EventsCommand());
    events.addSubcommand(new EventsExport(files));
    events.addSubcommand(new EventsImport(files));
    root.addSubcommand(events);
    root.addSubcommand(new NodesCommand());
    root.addSubcommand(new RulesCommand(tests, routing));
    root.addSubcommand(new QueryCommand());
    root.addSubcommand(new DrillCommand());
    root.setCaseInsensitiveEnumValuesAllowed(true);
    root.setExecutionExceptionHandler(
        (e, command, parsed) -> {
          if (e instanceof CliException known) {
            command.getErr().println(known.getMessage());
            return known.exitCode();
          }
          throw e;
        });
  }
}
