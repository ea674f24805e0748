package vigie.base.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0, 0s",
    "30s, 30000, 30s",
    "1h30m, 5400000, 1h30m",
    "90m, 5400000, 1h30m",
    "500ms, 500, 500ms",
    "15d, 1296000000, 15d",
    "2w, 1209600000, 2w",
    "1y, 31536000000, 1y",
    "1d12h, 129600000, 1d12h"
  })
  void givenPrometheusDuration_whenParsed_thenMillisAndShortestForm(
      String text, long millis, String shortest) {
    assertThat(Durations.parse(text)).isEqualTo(Duration.ofMillis(millis));
    assertThat(Durations.format(Duration.ofMillis(millis))).isEqualTo(shortest);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "4hh",
        "h",
        "5",
        "1m1h",
        "1s1s",
        "-5s",
        "1.5h",
        "5 m",
        "99999999999999999999s",
        "9999999999999y"
      })
  void givenBadText_whenParsed_thenRefusedWithTheText(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\"");
  }
}
