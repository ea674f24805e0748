package vigie.agent;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;
import vigie.base.config.ConfigException;

/** The agent's commands. Exit codes: 0 done; 1 the answer is no; 2 bad usage or configuration. */
@Command(
    name = "agent",
    description = "Watches this node: metrics for Prometheus, probes, events for the collector.",
    subcommands = {
      RunCommand.class,
      CheckCommand.class,
      ProbeCommand.class,
      MetricsCommand.class,
      DrillCommand.class,
      VersionCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  agent run --config agent.yaml",
      "  agent check",
      "  agent probe tcp://127.0.0.1:13337",
      "",
      "Exit codes: 0 done; 1 the answer is no; 2 bad usage or configuration."
    })
public final class Main implements Runnable {
  static final int DONE = 0;
  static final int NO = 1;
  static final int BAD = 2;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] args) {
    int code =
        RunCommand.isPlain(args)
            ? RunCommand.plain(args)
            : execute(args, utf8(System.out), utf8(System.err));
    System.exit(code);
  }

  /** Not in the locale's charset: a service has none, and then "…" would come out as "?". */
  private static PrintWriter utf8(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  /** Runs a command and gives its exit code. */
  static int execute(String[] args, PrintWriter out, PrintWriter err) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((fault, given) -> refused(fault))
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof ConfigException) {
                command.getErr().println(failure.getMessage());
                return BAD;
              }
              throw failure;
            })
        .execute(args);
  }

  /** What is wrong and where help is: a screen of help would hide the one line that matters. */
  private static int refused(ParameterException fault) {
    CommandLine command = fault.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(fault.getMessage());
    UnmatchedArgumentException.printSuggestions(fault, err);
    if (command.getParent() == null) {
      command.usage(err); // short, and it lists the commands
    } else {
      err.println(command.getCommandSpec().qualifiedName() + " --help shows what it takes");
    }
    return BAD;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }
}
