package vigie.collector.cli;

import java.util.function.Supplier;
import picocli.CommandLine;
import vigie.collector.sample.SampleStore;

/** The client commands, for the root to hang under {@code collector}. */
public final class Commands {
  private Commands() {}

  /**
   * Adds them all.
   *
   * @param stores gives an empty sample store to a rule test
   */
  public static void addTo(CommandLine root, Supplier<SampleStore> stores) {
    root.addSubcommand(new AlertsCommand());
    root.addSubcommand(new EventsCommand());
    root.addSubcommand(new NodesCommand());
    root.addSubcommand(new RulesCommand(stores));
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
