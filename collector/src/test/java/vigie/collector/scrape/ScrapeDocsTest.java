package vigie.collector.scrape;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;

/** docs/scrape.md names every key that is taken or refused. */
class ScrapeDocsTest {
  private static List<String> knownIn(String yaml) {
    Faults faults = new Faults();
    ScrapeConfig.readAll(Yaml.parse(Path.of("c.yaml"), yaml, Map.of(), faults));
    List<String> known = new ArrayList<>();
    for (String fault : faults.all()) {
      int list = fault.indexOf("known here: ");
      if (list >= 0) {
        known.addAll(List.of(fault.substring(list + 12).split(", ", -1)));
      }
    }
    return known;
  }

  @Test
  void givenDocs_whenRead_thenEveryKeyIsThere() throws IOException {
    Path root = Path.of(System.getProperty("vigie.root", ".."));
    String docs = Files.readString(root.resolve("docs/scrape.md"));
    List<String> keys = new ArrayList<>();
    String odd = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq: 1";
    keys.addAll(knownIn("scrape_configs: [{" + odd + "}]"));
    for (String kind : List.of("file", "http", "dns")) {
      keys.addAll(knownIn("scrape_configs: [{" + kind + "_sd_configs: [{" + odd + "}]}]"));
    }
    keys.addAll(ScrapeConfig.GLOBALS);
    assertThat(keys).hasSizeGreaterThan(80);
    assertThat(keys).allSatisfy(key -> assertThat(docs).contains("`" + key + "`"));
  }
}
