package vigie.collector.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import vigie.base.config.Yaml;

/** The options that every reading command has, and how each prints. */
final class ReadOptions {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN);

  /** How to print. */
  enum Format {
    table,
    wide,
    json,
    yaml,
    csv
  }

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table, wide, csv, json or yaml (default: table)")
  Format format = Format.table;

  @Option(names = "--no-headers", description = "leave out the table's header line")
  boolean noHeaders;

  @Option(names = "--sort-by", paramLabel = "COLUMN", description = "sort the table by this column")
  String sortBy = "";

  @Option(
      names = {"-l", "--label"},
      paramLabel = "MATCHER",
      description =
          "only what matches, such as node=p1, severity=~\"crit.*\" or job!=x; may be given several times")
  List<String> matchers = new ArrayList<>();

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "the collector (default: VIGIE_URL, else http://127.0.0.1:9337)")
  @Nullable String url;

  Client client() {
    String fromEnvironment = System.getenv("VIGIE_URL");
    String chosen =
        url != null
            ? url
            : fromEnvironment != null && !fromEnvironment.isEmpty()
                ? fromEnvironment
                : "http://127.0.0.1:9337";
    return new Client(chosen.contains("://") ? chosen : "http://" + chosen);
  }

  /** A matcher of exactly this value. */
  static String equal(String label, String value) {
    return label + "=\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  boolean wide() {
    return format == Format.wide;
  }

  PrintWriter out() {
    if (spec == null) {
      throw new IllegalStateException("BUG: options outside of a command");
    }
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    if (spec == null) {
      throw new IllegalStateException("BUG: options outside of a command");
    }
    return spec.commandLine().getErr();
  }

  /**
   * Prints the table, or {@code data} as JSON or YAML; {@code ifEmpty} where the table has no row.
   */
  void print(Table table, JsonNode data, String ifEmpty) {
    if (printData(data)) {
      return;
    }
    if (!sortBy.isEmpty() && !table.sortBy(sortBy)) {
      throw new CliException(
          2, "no column \"" + sortBy + "\"; there are " + String.join(", ", table.header()));
    }
    if (format == Format.csv) {
      table.csv(!noHeaders).forEach(out()::println);
    } else if (table.rows().isEmpty()) {
      out().println(ifEmpty);
    } else {
      boolean colour = isColourWanted();
      for (String line : table.lines(!noHeaders, wide() ? 0 : terminalWidth(), colour)) {
        out().println(line);
      }
    }
    out().flush();
  }

  /** Prints JSON or YAML where asked for; false for a table. */
  boolean printData(JsonNode data) {
    try {
      if (format == Format.json) {
        out().println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(data));
      } else if (format == Format.yaml) {
        out().print(Yaml.write(JSON.convertValue(data, Object.class)));
      } else {
        return false;
      }
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("BUG: a JSON tree that cannot be written", e);
    }
    out().flush();
    return true;
  }

  private static boolean isColourWanted() {
    String no = System.getenv("NO_COLOR");
    return System.console() != null
        && (no == null || no.isEmpty())
        && !"dumb".equals(System.getenv("TERM"));
  }

  /** Columns of the terminal; 0 where the output is none. */
  static int terminalWidth() {
    if (System.console() == null) {
      return 0;
    }
    String columns = System.getenv("COLUMNS");
    if (columns != null && columns.matches("\\d{1,4}")) {
      return Integer.parseInt(columns);
    }
    try {
      Process stty =
          new ProcessBuilder("stty", "size").redirectInput(ProcessBuilder.Redirect.INHERIT).start();
      String answer =
          new String(
              stty.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
      if (stty.waitFor(1, TimeUnit.SECONDS) && answer.matches("\\d+ \\d+\\s*")) {
        return Integer.parseInt(answer.strip().split(" ", 2)[1]);
      }
    } catch (IOException e) {
      // No stty here: a usual width does.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 120;
  }
}
