package vigie.collector.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options that every reading command has. */
final class ReadOptions extends Printing {
  @Option(
      names = {"-l", "--label"},
      paramLabel = "MATCHER",
      description =
          "only what matches, such as node=p1, severity=~\"crit.*\" or job!=x; may be given several times")
  List<String> matchers = new ArrayList<>();

  /** A matcher of exactly this value. */
  static String equal(String label, String value) {
    return label + "=\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
