package vigie.collector.cli;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine;
import vigie.collector.dispatch.Routing;
import vigie.collector.rule.RuleTests;

/** The client commands, for the root to hang under {@code collector}. */
public final class Commands {
  private Commands() {}

  /**
   * Adds them all.
   *
   * @param asked the command that was typed: where it is one of these, the others are left out,
   *     since to read their annotations takes a third of a command's time
   * @param tests runs unit tests of rules
   * @param files reaches events where they are stored
   * @param samples reaches samples where they are stored
   * @param routing reads the routes of a configuration
   */
  public static void addTo(
      CommandLine root,
      String asked,
      RuleTests tests,
      EventFiles files,
      SampleFiles samples,
      Function<Path, Routing> routing) {
    Map<String, Supplier<Object>> all = new LinkedHashMap<>();
    all.put("alerts", AlertsCommand::new);
    all.put("silences", SilencesCommand::new);
    all.put("events", () -> events(files));
    all.put("nodes", NodesCommand::new);
    all.put("rules", () -> new RulesCommand(tests, routing, samples));
    all.put("query", QueryCommand::new);
    all.put("drill", DrillCommand::new);
    Supplier<Object> one = all.get(asked);
    Collection<Supplier<Object>> added = one == null ? all.values() : List.of(one);
    added.forEach(each -> root.addSubcommand(each.get()));
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

  private static CommandLine events(EventFiles files) {
    CommandLine events = new CommandLine(new EventsCommand());
    events.addSubcommand(new EventsExport(files));
    events.addSubcommand(new EventsImport(files));
    return events;
  }
}
