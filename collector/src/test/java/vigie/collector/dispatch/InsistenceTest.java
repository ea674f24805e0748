package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.collector.alert.Severity;

class InsistenceTest {
  private final Faults faults = new Faults();

  private Insistence read(String yaml) {
    Section section = Yaml.parse(Path.of("/etc/vigie/collector.yaml"), yaml, Map.of(), faults);
    Insistence read = Insistence.read(section);
    section.end();
    return read;
  }

  @Test
  void givenNothing_whenRead_thenNeitherFallbackNorEscalation() {
    assertThat(read("")).isEqualTo(Insistence.NONE);
    assertThat(Insistence.NONE.fallbackAfter()).isEqualTo(Duration.ofMinutes(10));
    assertThat(Insistence.NONE.steps(Severity.CRITICAL)).isEmpty();
  }

  @Test
  void givenAllKeys_whenRead_thenStepsRiseBySeverity() {
    Insistence read =
        read("{fallback: b, fallback_after: 1m, escalate_after: {critical: [1h, 15m], other: 4h}}");

    assertThat(faults.all()).isEmpty();
    assertThat(read.fallback()).isEqualTo("b");
    assertThat(read.fallbackAfter()).isEqualTo(Duration.ofMinutes(1));
    assertThat(read.steps(Severity.CRITICAL))
        .isEqualTo(List.of(Duration.ofMinutes(15), Duration.ofHours(1)));
    assertThat(read.steps(Severity.OTHER)).isEqualTo(List.of(Duration.ofHours(4)));
    assertThat(read.steps(Severity.WARNING)).isEmpty();
  }

  @Test
  void givenOneDuration_whenRead_thenForCriticalAlerts() {
    assertThat(read("escalate_after: 15m").escalateAfter())
        .isEqualTo(Map.of(Severity.CRITICAL, List.of(Duration.ofMinutes(15))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      value = {
        "fallback_after: 5m ¦ needs fallback",
        "escalate_after: {dreadful: 5m} ¦ dreadful is none of critical",
        "escalate_after: [5m, 5m] ¦ different durations",
        "escalate_after: 100ms ¦ at least 1s"
      })
  void givenWrongKeys_whenRead_thenSaidInWords(String yaml, String message) {
    read(yaml);

    assertThat(faults.all()).hasSize(1);
    assertThat(faults.all().get(0)).contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      value = {"a ¦ itself", "c ¦ not in receivers"})
  void givenFallbackThatIsNone_whenRoutingIsRead_thenRefused(String fallback, String message) {
    Section top =
        Yaml.parse(
            Path.of("/etc/vigie/collector.yaml"),
            "{route: {receiver: a}, receivers: [{name: a, fallback: " + fallback + "}, {name: b}]}",
            Map.of(),
            faults);

    Routing.read(top, Map.of(), new Receiver("otherwise", List.of()));

    assertThat(faults.all()).anySatisfy(fault -> assertThat(fault).contains(message));
  }
}
