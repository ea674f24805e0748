package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import vigie.agent.reader.Roots;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.docs.DocPage;

/** Every block of a document that says it is an agent.yaml is one. */
class DocsTest {
  private static final Pattern OURS = Pattern.compile("^# (\\S*/)?agent\\.yaml\\b(?! and| or)");

  @Test
  void givenPages_whenTheirConfigurationsAreRead_thenNoFault() {
    List<String> faults = new ArrayList<>();
    int seen = 0;
    for (DocPage page : DocPage.all()) {
      for (DocPage.Block block : page.blocks()) {
        if (block.language().equals("yaml") && OURS.matcher(block.text()).find()) {
          read(block, faults);
          seen++;
        }
      }
    }
    assertThat(faults).isEmpty();
    assertThat(seen).isGreaterThan(5);
  }

  private static void read(DocPage.Block block, List<String> faults) {
    Faults found = new Faults();
    try {
      AgentConfig.read(
          Yaml.parse(Path.of("agent.yaml"), block.text(), Map.of(), found), Roots.HOST);
      found.all().forEach(fault -> faults.add(block.where() + ": " + fault));
    } catch (ConfigException e) {
      faults.add(block.where() + ": " + e.getMessage());
    }
  }
}
