package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | TEXT",
        "*/* | TEXT",
        "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8 | TEXT",
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1 | TEXT",
        "application/openmetrics-text | OPEN_METRICS",
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
            + "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1 | OPEN_METRICS",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
            + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,*/*;q=0.2 | OPEN_METRICS",
        "application/openmetrics-text; version=0.0.1 | TEXT",
        "application/openmetrics-text;q=0.4, text/plain;q=0.5 | TEXT",
        "application/openmetrics-text;q=x | TEXT",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily | TEXT",
        ",;,;q= | TEXT"
      })
  void givenAcceptHeader_whenNegotiated_thenFormat(String accept, Format format) {
    assertThat(Format.accepted(accept)).isEqualTo(format);
  }
}
