import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Writes a program's man pages, one for each command, and its completion for bash.
 *
 * <p>{@code java -cp 'PROGRAM/target/dist/lib/*' ManPages.java CLASS VERSION DATE FOLDER} with the class that {@code
 * CommandLine} takes. The same input gives the same bytes. Run by stage.sh.
 */
final class ManPages {
  private final String version;
  private final String date;
  private final Path folder;

  private ManPages(String version, String date, Path folder) {
    this.version = version;
    this.date = date;
    this.folder = folder;
  }

  public static void main(String[] args) throws Exception {
    Class<?> main = Class.forName(args[0]);
    CommandLine root;
    try {
      // The collector's commands are put together by code.
      var made = main.getDeclaredMethod("commandLine");
      made.setAccessible(true);
      root = (CommandLine) made.invoke(null);
    } catch (NoSuchMethodException e) {
      root = new CommandLine(main);
    }
    Path folder = Files.createDirectories(Path.of(args[3]));
    new ManPages(args[1], args[2], folder).write(root);
    String name = root.getCommandName();
    Files.writeString(folder.resolve(name + ".bash"), AutoComplete.bash(name, root));
  }

  private void write(CommandLine command) throws IOException {
    CommandSpec spec = command.getCommandSpec();
    Files.writeString(folder.resolve(page(spec) + ".1"), text(command));
    for (CommandLine each : new TreeMap<>(command.getSubcommands()).values()) {
      write(each);
    }
  }

  private static String page(CommandSpec spec) {
    return spec.qualifiedName("-");
  }

  private String text(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    String name = page(spec);
    String description = String.join(" ", spec.usageMessage().description());
    StringBuilder out = new StringBuilder();
    out.append(".TH ").append(name.toUpperCase(java.util.Locale.ROOT).replace("-", "\\-"));
    out.append(" 1 \"").append(date).append("\" \"Vigie ").append(version).append("\" \"Vigie\"\n");
    // No hyphenation: a command broken in two cannot be copied.
    out.append(".nh\n.SH NAME\n").append(escaped(name)).append(" \\- ").append(escaped(first(description))).append('\n');
    out.append(".SH SYNOPSIS\n.nf\n").append(lines(plain(command, CommandLine.Help::synopsis, 0))).append(".fi\n");
    out.append(".SH DESCRIPTION\n").append(lines(description));
    var positional = spec.positionalParameters();
    if (positional.stream().anyMatch(each -> !each.hidden())) {
      out.append(".SH ARGUMENTS\n");
      positional.stream()
          .filter(each -> !each.hidden())
          .forEach(each -> item(out, "\\fI" + escaped(each.paramLabel()) + "\\fR", each.description()));
    }
    List<OptionSpec> options = new ArrayList<>(spec.options());
    options.removeIf(OptionSpec::hidden);
    options.sort(java.util.Comparator.comparing(OptionSpec::longestName));
    if (!options.isEmpty()) {
      out.append(".SH OPTIONS\n");
      options.forEach(each -> item(out, option(each), each.description()));
    }
    if (!command.getSubcommands().isEmpty()) {
      out.append(".SH COMMANDS\n");
      new TreeMap<>(command.getSubcommands())
          .values()
          .forEach(
              each ->
                  item(
                      out,
                      "\\fB" + escaped(each.getCommandName()) + "\\fR",
                      new String[] {
                        first(String.join(" ", each.getCommandSpec().usageMessage().description()))
                            + ": "
                            + page(each.getCommandSpec())
                            + "(1)"
                      }));
    }
    footer(spec, out);
    if (spec.parent() != null) {
      out.append(".SH SEE ALSO\n").append(escaped(page(spec.parent()))).append("(1)\n");
    } else {
      out.append(".SH FILES\n/etc/vigie/").append(name).append(".yaml\n");
    }
    return out.toString();
  }

  /** Examples as they stand, what follows them as text. */
  private static void footer(CommandSpec spec, StringBuilder out) {
    boolean examples = false;
    for (String line : spec.usageMessage().footer()) {
      if (line.startsWith("  ")) {
        out.append(examples ? "" : ".SH EXAMPLES\n.nf\n").append(lines(line.strip()));
        examples = true;
      } else if (!line.isBlank() && !line.equals("Examples:")) {
        out.append(examples ? ".fi\n" : "").append(line.startsWith("Exit codes") ? ".SH EXIT STATUS\n" : ".PP\n").append(lines(line));
        examples = false;
      }
    }
    out.append(examples ? ".fi\n" : "");
  }

  private static String option(OptionSpec option) {
    List<String> names = new ArrayList<>();
    for (String each : option.names()) {
      names.add("\\fB" + escaped(each) + "\\fR");
    }
    String value = option.arity().max() == 0 ? "" : " \\fI" + escaped(option.paramLabel()) + "\\fR";
    return String.join(", ", names) + value;
  }

  private static void item(StringBuilder out, String name, String[] description) {
    out.append(".TP\n").append(name).append('\n').append(lines(String.join(" ", description)));
  }

  private interface Part {
    String of(CommandLine.Help help, int heading);
  }

  private static String plain(CommandLine command, Part part, int heading) {
    command.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    return part.of(command.getHelp(), heading).strip();
  }

  private static String first(String description) {
    int end = description.indexOf(". ");
    String sentence = end < 0 ? description : description.substring(0, end);
    int colon = sentence.indexOf(": ");
    sentence = colon < 0 ? sentence : sentence.substring(0, colon);
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }

  /** Text of one or more lines; what picocli would fill in or format is taken as it is shown. */
  private static String lines(String text) {
    StringBuilder out = new StringBuilder();
    String shown = Ansi.OFF.string(text.replace("%n", "\n").replace("%%", "%"));
    for (String line : shown.split("\n")) {
      String escaped = escaped(line);
      out.append(escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" : "").append(escaped).append('\n');
    }
    return out.toString();
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga");
  }
}
