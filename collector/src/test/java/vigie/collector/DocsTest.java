package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.docs.DocPage;
import vigie.collector.label.LabelMatcher;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;
import vigie.collector.promql.SelectorUse;

/**
 * What the documents say can be done: links lead somewhere, commands parse, configurations load and
 * expressions read metrics that exist. The agent's DocsTest does the same for its own.
 */
class DocsTest {
  private static final List<DocPage> PAGES = DocPage.all();
  private static final CommandLine COLLECTOR = Main.commandLine();
  private static final CommandLine AGENT = new CommandLine(new vigie.agent.Main());
  private static final Pattern OURS = Pattern.compile("^# (\\S*/)?collector\\.yaml\\b(?! and| or)");
  private static final Pattern NAMED_FILE =
      Pattern.compile("(\\w+_file): *('?)([^\\s,'{}\\[\\]]+)\\2");
  private static final Pattern LITERAL = Pattern.compile("\"([a-z]+_[a-z0-9_]+)\"");
  private static final Pattern METER = Pattern.compile("\"vigie\\.([a-z.]+)\"");
  private static final Pattern DOCUMENTED = Pattern.compile("`([a-z]+_[A-Za-z0-9_]+)`");

  /** Of Prometheus itself, of the kernel's clients, of exporters that packs know. */
  private static final Set<String> FOREIGN =
      Set.of("up", "ALERTS", "scrape_duration_seconds", "scrape_samples_scraped", "pg_up");

  @TempDir Path folder;

  @Test
  void givenPages_whenTheirLinksAreFollowed_thenEachLeadsToAFileAndAnAnchorThatExist() {
    List<String> broken = new ArrayList<>();
    for (DocPage page : PAGES) {
      for (String link : page.links()) {
        if (!link.matches("[a-z]+:.*") && !leadsSomewhere(page, link)) {
          broken.add(DocPage.ROOT.relativize(page.file()) + ": " + link);
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  private static boolean leadsSomewhere(DocPage page, String link) {
    int hash = link.indexOf('#');
    String path = hash < 0 ? link : link.substring(0, hash);
    Path target = path.isEmpty() ? page.file() : page.file().resolveSibling(path).normalize();
    if (!Files.exists(target)) {
      return false;
    }
    boolean anchored = hash >= 0 && target.toString().endsWith(".md");
    return !anchored || DocPage.read(target).anchors().contains(link.substring(hash + 1));
  }

  @Test
  void givenPages_whenTheirCommandLinesAreParsed_thenEachIsTaken() {
    List<String> faults = new ArrayList<>();
    int seen = 0;
    for (DocPage page : PAGES) {
      for (DocPage.Command command : page.commands("collector")) {
        faultOf(COLLECTOR, command, faults);
        seen++;
      }
      for (DocPage.Command command : page.commands("agent")) {
        faultOf(AGENT, command, faults);
        seen++;
      }
    }
    assertThat(faults).isEmpty();
    assertThat(seen).isGreaterThan(300);
  }

  private static void faultOf(CommandLine program, DocPage.Command command, List<String> faults) {
    try {
      program.parseArgs(command.words().toArray(String[]::new));
    } catch (ParameterException e) {
      faults.add(command.where() + ": " + command.words() + ": " + e.getMessage());
    }
  }

  @Test
  void givenPages_whenTheyNameACommandInTheirText_thenItAndItsOptionsExist() {
    Set<String> unknown = new TreeSet<>();
    for (DocPage page : PAGES) {
      // These tell what was, not what is.
      if (!page.file().toString().matches(".*/(CHANGELOG|RATIONALE|SOAK|BENCHMARKS)\\.md")) {
        String where = DocPage.ROOT.relativize(page.file()) + ": ";
        page.named("collector")
            .forEach(c -> unknown(COLLECTOR, where + "collector", c.words(), unknown));
        page.named("agent").forEach(c -> unknown(AGENT, where + "agent", c.words(), unknown));
      }
    }
    assertThat(unknown).isEmpty();
  }

  private static void unknown(
      CommandLine program, String said, List<String> words, Set<String> unknown) {
    CommandLine command = program;
    for (String word : words) {
      String option = word.replaceFirst("=.*", "");
      if (command.getSubcommands().containsKey(word)) {
        command = command.getSubcommands().get(word);
      } else if (word.startsWith("-")
          ? !has(command, option)
          : !command.getSubcommands().isEmpty()) {
        unknown.add(said + " " + String.join(" ", words));
        return;
      }
    }
  }

  private static boolean has(CommandLine command, String word) {
    return word.equals("-") || command.getCommandSpec().optionsMap().containsKey(word);
  }

  @Test
  void givenPages_whenTheirConfigurationsAreLoaded_thenNoFault() throws Exception {
    List<String> faults = new ArrayList<>();
    int seen = 0;
    for (DocPage page : PAGES) {
      for (DocPage.Block block : page.blocks()) {
        if (block.language().equals("yaml") && OURS.matcher(block.text()).find()) {
          load(block, faults);
          seen++;
        }
      }
    }
    assertThat(faults).isEmpty();
    assertThat(seen).isGreaterThan(8);
  }

  private void load(DocPage.Block block, List<String> faults) throws IOException {
    String packs = DocPage.ROOT.resolve("alert-rules").toString();
    String text = block.text().replaceAll("/(opt|usr/share)/[a-z/]*alert-rules", packs);
    Path file = Files.writeString(folder.resolve("collector.yaml"), files(text));
    try {
      CollectorConfig.load(Optional.of(file), Map.of(), new Faults());
    } catch (ConfigException e) {
      // The certificates are none here, and no other fault is to be told.
      e.faults().stream()
          .filter(fault -> !fault.contains("holds no certificate"))
          .forEach(fault -> faults.add(block.where() + ": " + fault));
    }
  }

  /** The text with files that are there in the place of those that it names. */
  private String files(String text) throws IOException {
    Matcher named = NAMED_FILE.matcher(text);
    StringBuilder made = new StringBuilder();
    while (named.find()) {
      Path file = folder.resolve(named.group(1) + "-" + Path.of(named.group(3)).getFileName());
      Files.writeString(file, sample(named.group(1)));
      named.appendReplacement(made, Matcher.quoteReplacement(named.group(1) + ": " + file));
    }
    return named.appendTail(made).toString();
  }

  private static String sample(String key) {
    return switch (key) {
      case "webhook_url_file" -> "https://discord.com/api/webhooks/1/abc\n";
      case "alertmanager_file" -> "route: {receiver: a}\nreceivers: [{name: a}]\n";
      case "web_config_file", "remote_write_web_config_file" ->
          "basic_auth_users: {a: $2y$10$oFP47iroK8ZCLpbq5aDnqOMfCEH/Ppm7GcJ9axoduYvQIeVD9XzxC}\n";
      default -> "secret\n";
    };
  }

  @Test
  void givenExpressionsOfPages_whenParsed_thenEachIsPromqlAndReadsWhatExists() throws IOException {
    Known known = new Known();
    List<String> faults = new ArrayList<>();
    int seen = 0;
    for (DocPage page : PAGES) {
      for (DocPage.Command command : page.commands("collector")) {
        // promql.md shows what a wrong one gives.
        boolean wrong =
            page.file().endsWith("promql.md") && command.words().contains("sum(rate(up)");
        if (command.words().size() > 1 && command.words().get(0).equals("query") && !wrong) {
          seen++;
          check(command.where(), command.words().get(1), known, faults);
        }
      }
      for (DocPage.Block block : page.blocks()) {
        if (block.language().equals("promql")) {
          check(block.where(), block.text(), known, faults);
        }
      }
    }
    assertThat(faults).isEmpty();
    assertThat(seen).isGreaterThan(50);
  }

  private static void check(String where, String text, Known known, List<String> faults) {
    try {
      Expr parsed = Parser.parse(text);
      for (SelectorUse use : parsed.selectors()) {
        for (LabelMatcher matcher : use.matchers()) {
          if (matcher.name().equals("__name__") && !known.has(matcher.value())) {
            faults.add(where + ": no metric is called " + matcher.value());
          }
        }
      }
    } catch (PromqlException e) {
      faults.add(where + ": " + text + ": " + e.getMessage());
    }
  }

  /** The names of metrics that the programs have, from their sources and docs/node-metrics.md. */
  private static final class Known {
    private final Set<String> names = new HashSet<>(FOREIGN);
    private final Set<String> meters = new HashSet<>();

    Known() throws IOException {
      add(DOCUMENTED, DocPage.ROOT.resolve("docs/node-metrics.md"), names);
      for (String module : List.of("agent", "collector", "base")) {
        try (Stream<Path> files = Files.walk(DocPage.ROOT.resolve(module + "/src/main/java"))) {
          for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
            add(LITERAL, file, names);
            add(METER, file, meters);
          }
        }
      }
      try (Stream<Path> packs = Files.list(DocPage.ROOT.resolve("alert-rules"))) {
        for (Path pack : packs.filter(each -> each.toString().endsWith(".yml")).toList()) {
          add(Pattern.compile("\\b(swarm_[a-z_]+|process_[a-z_]+)\\b"), pack, names);
        }
      }
    }

    private static void add(Pattern pattern, Path file, Set<String> to) throws IOException {
      pattern.matcher(Files.readString(file)).results().forEach(found -> to.add(found.group(1)));
    }

    boolean has(String name) {
      String plain = name.replaceFirst("_(sum|count|bucket)$", "");
      return names.contains(name)
          || names.contains(plain)
          || meters.stream()
              .map(meter -> "vigie_" + meter.replace('.', '_'))
              .anyMatch(
                  meter ->
                      Arrays.asList("", "_total", "_seconds", "_bytes", "_seconds_total")
                          .contains(
                              plain.startsWith(meter) ? plain.substring(meter.length()) : "-"));
    }
  }
}
