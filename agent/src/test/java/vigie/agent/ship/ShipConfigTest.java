package vigie.agent.ship;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;

class ShipConfigTest {
  @Test
  void givenNothing_whenRead_thenDefaults() {
    assertThat(ShipConfig.DEFAULTS)
        .isEqualTo(
            new ShipConfig(
                List.of(Target.parse("relp://127.0.0.1:2514")),
                ShipTls.DEFAULTS,
                128,
                1_048_576,
                Duration.ofSeconds(10),
                Duration.ofSeconds(60),
                Duration.ofMillis(500),
                Duration.ofSeconds(30),
                900_000_000,
                Duration.ofSeconds(30),
                Duration.ofMinutes(5)));
  }

  @ParameterizedTest
  @CsvSource({"'collector: relp://c:7', c", "'collector: [relp://a:7, relp://b:8]', a"})
  void givenAddressOrList_whenRead_thenTheFirstCounts(String yaml, String host) {
    Faults faults = new Faults();
    ShipConfig config = ShipConfig.read(Yaml.parse(Path.of("agent.yaml"), yaml, Map.of(), faults));

    assertThat(config.targets().get(0)).isEqualTo(Target.parse("relp://" + host + ":7"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"127.0.0.1:2514", "relp://host", "relp://:x", "relp://h:0", "http://h:1", ""})
  void givenSomethingElse_whenRead_thenTheMessageSaysWhatToWrite(String text) {
    assertThatThrownBy(() -> Target.parse(text))
        .hasMessage(
            "\""
                + text
                + "\" is not a collector; write relp+tls://HOST:PORT, relp://HOST:PORT,"
                + " syslog+tls://HOST:PORT or syslog://HOST:PORT");
  }
}
