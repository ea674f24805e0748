package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vigie.agent.probe.Probers;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;

/** Every prober has a page under docs/probes, and the agent takes every example there. */
class ProbePagesTest {
  private static final Path PAGES =
      Path.of(System.getProperty("vigie.root", "..")).resolve("docs/probes");

  static Stream<Path> pages() throws IOException {
    try (Stream<Path> pages = Files.list(PAGES)) {
      return pages.filter(page -> page.toString().endsWith(".md")).sorted().toList().stream();
    }
  }

  @Test
  void givenProber_whenDocsAreLookedAt_thenItHasAPage() throws IOException {
    List<String> names =
        pages().map(page -> page.getFileName().toString().replace(".md", "")).toList();
    assertThat(names).containsAll(Probers.names());
  }

  @ParameterizedTest
  @MethodSource("pages")
  void givenPage_whenItsExamplesAreRead_thenNoFault(Path page) throws IOException {
    List<String> examples = examples(Files.readString(page));
    assertThat(examples).isNotEmpty();
    for (String example : examples) {
      Faults faults = new Faults();
      AgentConfig config =
          AgentConfig.read(Yaml.parse(page, example, Map.of(), faults), Roots.HOST);
      assertThat(faults.all()).isEmpty();
      assertThat(config.probes()).isNotEmpty();
    }
  }

  private static List<String> examples(String page) {
    List<String> all = new ArrayList<>();
    String[] parts = page.split("```", -1);
    for (int i = 1; i < parts.length; i += 2) {
      if (parts[i].startsWith("yaml\n")) {
        all.add(parts[i].substring("yaml\n".length()));
      }
    }
    return all;
  }
}
