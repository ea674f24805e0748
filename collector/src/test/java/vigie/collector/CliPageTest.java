package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** docs/cli.md behind its mark is made from the commands; -Dgolden.update writes it. */
class CliPageTest {
  private static final Path DOCS = Path.of(System.getProperty("vigie.root", ".."), "docs");
  private static final String MARK = "<!-- from here on made by CliPageTest -->\n";

  @Test
  void givenCommands_whenThePageIsRead_thenItSaysWhatTheyTake() throws Exception {
    StringBuilder made = new StringBuilder(MARK);
    commands(Main.commandLine(), made);
    Path page = DOCS.resolve("cli.md");
    String text = Files.readString(page);
    int start = text.indexOf(MARK);
    assertThat(start).as("the mark in " + page).isNotNegative();

    if (System.getProperty("golden.update") != null) {
      Files.writeString(page, text.substring(0, start) + made);
      return;
    }

    assertThat(text.substring(start)).isEqualTo(made.toString());
  }

  private static void commands(CommandLine command, StringBuilder out) {
    if (command.getSubcommands().isEmpty()) {
      command(command.getCommandSpec(), out);
    }
    Map<String, CommandLine> sorted = new TreeMap<>(command.getSubcommands());
    sorted.values().forEach(each -> commands(each, out));
  }

  private static void command(CommandSpec spec, StringBuilder out) {
    String name = spec.qualifiedName(" ");
    out.append("\n## ").append(name).append("\n\n");
    out.append(String.join(" ", spec.usageMessage().description())).append("\n");
    String schema = name.substring(name.indexOf(' ') + 1).replace(' ', '-');
    if (Files.exists(DOCS.resolve("schemas/" + schema + ".json"))) {
      out.append("\nJSON: [").append(schema).append("](schemas/").append(schema).append(".json)\n");
    }
    boolean any = false;
    for (String line : spec.usageMessage().footer()) {
      if (line.startsWith("  ")) {
        out.append(any ? "" : "\n```\n").append(line.strip()).append('\n');
        any = true;
      }
    }
    out.append(any ? "```\n" : "");
    StringBuilder rows = new StringBuilder();
    for (PositionalParamSpec each : spec.positionalParameters()) {
      row(rows, each.paramLabel(), each.description());
    }
    // Not in the order of the fields, which Java does not promise.
    List<OptionSpec> options = new ArrayList<>(spec.options());
    options.sort(Comparator.comparing(OptionSpec::longestName));
    for (OptionSpec option : options) {
      if (!option.usageHelp() && !option.hidden()) {
        boolean flag = option.arity().max() == 0;
        String names = String.join(", ", option.names());
        row(rows, flag ? names : names + " " + option.paramLabel(), option.description());
      }
    }
    if (rows.length() > 0) {
      out.append("\n| | |\n|---|---|\n").append(rows);
    }
  }

  private static void row(StringBuilder rows, String name, String[] description) {
    rows.append(
        String.format(
            Locale.ROOT,
            "| `%s` | %s |%n",
            name,
            String.join(" ", description).replace("|", "\\|")));
  }
}
