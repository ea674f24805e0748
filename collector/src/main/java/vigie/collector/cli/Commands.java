package vigie.collector.cli;

import picocli.CommandLine;
import vigie.collector.rule.RuleTests;

/** The client commands, for the root to hang under {@code collector}. */
public final class Commands {
  private Commands() {}

  /**
   * Adds them all.
   *
   * @param tests runs unit tests of rules
   */
  public static void addTo(CommandLine root, RuleTests tests) {
    root.addSubcommand(new AlertsCommand());
    root.addSubcommand(new EventsCommand());
    root.addSubcommand(new NodesCommand());
    root.addSubcommand(new RulesCommand(tests));
    root.addSubcommand(new QueryCommand());
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
