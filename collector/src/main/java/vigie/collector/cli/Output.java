package vigie.collector.cli;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Where a command without reading options prints. */
@Command
final class Output {
  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

  PrintWriter out() {
    if (spec == null) {
      throw new IllegalStateException("BUG: output outside of a command");
    }
    return spec.commandLine().getOut();
  }
}
