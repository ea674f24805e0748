package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;

class OnDemandTest {
  private static OnDemand read(String yaml) {
    Faults faults = new Faults();
    Section top = Yaml.parse(Path.of("agent.yaml"), yaml, Map.of(), faults);
    var modules = Modules.readAll(top);
    OnDemand read = OnDemand.read(top, modules, ProbeConfig.readAll(top, modules));
    top.end();
    assertThat(faults.all()).isEmpty();
    return read;
  }

  @Test
  void givenNothingConfigured_whenAsked_thenNoTargetIsAllowed() {
    assertThat(read("").allows("127.0.0.1:22")).isFalse();
  }

  @Test
  void givenProbe_whenItsTargetIsAskedFor_thenAllowed() {
    assertThat(read("probes:\n  - {name: a, tcp: h:1}\n").allows("h:1")).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.*:22, 10.0.0.7:22, true",
    "10.0.0.*:22, 10.0.0.7:23, false",
    "10.0.0.*:22, 10.0.0.7:22:22, false",
    "https://*.example.org/, https://www.example.org/, true",
    "https://*.example.org/, https://evil.test/?.example.org/, false",
    "https://*.example.org/, https://x@evil.test#.example.org/, false",
    "https://*.example.org/, https://evil.test:1?a.example.org/, false",
    "https://example.org/**, https://example.org/a/b?c=d, true",
    "https://example.org/**, https://example.com/, false",
    "a.b:1, axb:1, false",
  })
  void givenPattern_whenATargetIsAskedFor_thenItTakesAWholeNameAndNoMore(
      String pattern, String target, boolean allowed) {
    assertThat(read("probe_targets: ['" + pattern + "']\n").allows(target)).isEqualTo(allowed);
  }
}
