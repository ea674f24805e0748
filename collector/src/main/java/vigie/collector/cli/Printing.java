package vigie.collector.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import vigie.base.config.Yaml;

/** Where to ask, and how to print what comes: the options of every command that shows data. */
class Printing {
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
      names = "--url",
      paramLabel = "URL",
      description = "the collector (default: VIGIE_URL, else http://127.0.0.1:9337)")
  @Nullable String url;

  private @Nullable PrintWriter out;

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

  boolean wide() {
    return format == Format.wide;
  }

  /** Whether a person reads it: a table, also a wide one. */
  boolean isTable() {
    return format == Format.table || format == Format.wide;
  }

  /** Has all that follows printed there. */
  void to(PrintWriter other) {
    out = other;
  }

  PrintWriter out() {
    if (out != null) {
      return out;
    }
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
      boolean colour = Terminal.isColourWanted();
      for (String line : table.lines(!noHeaders, wide() ? 0 : Terminal.width(), colour)) {
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
}
