package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vigie.agent.event.Severity;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;

/** Each pack that ships against the lines in its own file. */
class PacksTest {
  private final Faults faults = new Faults();

  static Iterable<String> packs() {
    return PatternsConfig.STOCK;
  }

  @ParameterizedTest
  @MethodSource("packs")
  void givenPack_whenItsExamplesRun_thenAllAsItSays(String pack) {
    Section top = Yaml.parse(Path.of(pack + ".yaml"), PatternsConfig.text(pack), Map.of(), faults);
    Set<String> names = new HashSet<>();
    assertThat(top.string("about")).isNotBlank();
    for (Section section : top.sections("patterns")) {
      assertThat(section.has("examples")).as("examples at " + section.position()).isTrue();
      PatternConfig pattern = PatternConfig.read(section, pack, false);
      if (pattern != null) {
        assertThat(pattern.name()).startsWith(pack + ".");
        assertThat(names.add(pattern.name())).as(pattern.name()).isTrue();
      }
    }
    top.end();
    assertThat(faults.all()).isEmpty();
  }

  /** {@code -Dgolden.update=1} writes the table anew. */
  @Test
  void givenPacks_whenLookedUpInTheDocuments_thenTheTableIsTheirs() throws IOException {
    Path page = Path.of(System.getProperty("vigie.root", ".."), "docs/events.md");
    StringBuilder table =
        new StringBuilder("\n| pattern | event | labels | captured |\n|---|---|---|---|\n");
    for (String pack : PatternsConfig.STOCK) {
      Section top =
          Yaml.parse(Path.of(pack + ".yaml"), PatternsConfig.text(pack), Map.of(), faults);
      table
          .append("| **")
          .append(pack)
          .append("** | ")
          .append(top.string("about"))
          .append(" | | |\n");
      for (Section section : top.sections("patterns")) {
        table.append(row(PatternConfig.read(section, pack, false)));
      }
    }
    String text = Files.readString(page);
    int start = text.indexOf("<!-- packs -->\n") + "<!-- packs -->\n".length();
    int end = text.indexOf("\n<!-- /packs -->");
    if (System.getProperty("golden.update") != null) {
      Files.writeString(page, text.substring(0, start) + table + text.substring(end));
    } else {
      assertThat(text.substring(start, end)).isEqualTo(table.toString());
    }
  }

  private static String row(PatternConfig pattern) {
    String told =
        pattern.event()
            ? "told, " + (pattern.severity() == null ? "as logged" : lower(pattern.severity()))
            : "counted";
    String labels = String.join(", ", pattern.labels().keySet());
    Set<String> fields = pattern.match().groups().keySet();
    return "| `"
        + pattern.name()
        + "` | "
        + told
        + " | "
        + labels
        + (pattern.value().isEmpty()
            ? ""
            : (labels.isEmpty() ? "" : "; ") + "sum of " + pattern.value())
        + " | "
        + String.join(", ", fields)
        + " |\n";
  }

  private static String lower(Severity severity) {
    return severity.name().toLowerCase(Locale.ROOT);
  }

  /** The configuration that the page shows, as a reader would copy it. */
  @Test
  void givenExamplesOfTheDocuments_whenRead_thenNoFault() throws IOException {
    Path page = Path.of(System.getProperty("vigie.root", ".."), "docs/events.md");
    Matcher block =
        Pattern.compile("```yaml\n((?:# agent.yaml\n)?(?:sources|patterns):.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(page));
    StringBuilder patterns = new StringBuilder();
    List<String> sources = new ArrayList<>();
    while (block.find()) {
      if (block.group(1).startsWith("patterns")) {
        patterns.append(block.group(1));
      } else {
        sources.add(block.group(1));
      }
    }
    assertThat(patterns).isNotEmpty();
    for (String source : sources) {
      Section top = Yaml.parse(Path.of("events.md"), source + patterns, Map.of(), faults);
      SourcesConfig.read(top);
      top.end();
    }
    assertThat(faults.all()).isEmpty();
    assertThat(sources).hasSizeGreaterThanOrEqualTo(2);
  }

  @Test
  void givenNothingConfigured_whenRead_thenAllPacksLookEverywhere() {
    PatternsConfig config =
        PatternsConfig.read(Yaml.parse(Path.of("agent.yaml"), "", Map.of(), faults));
    assertThat(config.packs()).containsExactlyInAnyOrderElementsOf(PatternsConfig.STOCK);
    assertThat(config.own()).isEmpty();
    assertThat(config.everywhere()).isEqualTo(config.patterns());
    assertThat(faults.all()).isEmpty();
  }
}
