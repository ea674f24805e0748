package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.fuzz.FuzzContract;

/** Any pack of patterns is read, or refused by name and place. */
class PatternConfigFuzzTest extends FuzzContract {
  private static final Path PACKS = Path.of("src/main/resources/vigie/agent/source/packs");

  /** Each pattern of three packs by itself. */
  @Override
  protected List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (String pack : List.of("sshd", "nginx", "cron")) {
      String text = Files.readString(PACKS.resolve(pack + ".yaml"));
      for (String pattern : text.substring(text.indexOf("patterns:") + 9).split("\n(?=  - )")) {
        seeds.add(utf8("patterns:\n" + pattern.stripTrailing() + "\n"));
      }
    }
    return seeds;
  }

  @Override
  protected int rounds() {
    return 2_000;
  }

  @Override
  protected void feed(byte[] bytes) {
    Faults faults = new Faults();
    try {
      Section top =
          Yaml.parse(
              Path.of("fuzz.yaml"), new String(bytes, StandardCharsets.UTF_8), Map.of(), faults);
      for (Section section : top.sections("patterns")) {
        PatternConfig.read(section, "fuzz", false);
      }
      top.end();
    } catch (ConfigException refused) {
      assertThat(refused.faults()).allMatch(fault -> fault.startsWith("fuzz.yaml:"));
    }
    assertThat(faults.all()).allMatch(fault -> fault.startsWith("fuzz.yaml:"));
  }
}
