package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
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
