package vigie.collector.card;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.collector.promql.Parser;

class MeasureTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "node_load1 > 5 ; node_load1 ; above 5",
        "(x_bytes < 2 * 1024) and on (node) up == 1 ; x_bytes ; below 2 KiB",
        "100 - avg by (node) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) * 100 > 90 ;"
            + " 100 - avg by (node) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) * 100 ;"
            + " above 90 %",
        "1 - a_avail_bytes / a_size_bytes >= 0.9 ; 1 - a_avail_bytes / a_size_bytes ; above 90 %",
        "a_avail_bytes / a_size_bytes * 100 < 10 ; a_avail_bytes / a_size_bytes * 100 ; below 10 %",
        "24 * 3600 > x_expiry_seconds - time() ; x_expiry_seconds - time() ; below 24 h",
        "rate(x_bytes_total[5m]) > 1048576 ; rate(x_bytes_total[5m]) ; above 1 MiB/s",
        "histogram_quantile(0.99, rate(x_seconds_bucket[5m])) > 0.5 ;"
            + " histogram_quantile(0.99, rate(x_seconds_bucket[5m])) ; above 500 ms",
        "max_over_time(node_hwmon_temp_celsius[5m]) > 80 ;"
            + " max_over_time(node_hwmon_temp_celsius[5m]) ; above 80 °C",
        "count(up == 0) > 2 ; count(up == 0) ; above 2",
        "vigie_probe_up == 0 ; vigie_probe_up ; none",
        "a > b ; a ; none",
        "absent(up) ; absent(up) ; none",
        "a > bool 5 ; a > bool 5 ; none",
        "x > 1 or y > 2 ; x > 1 or y > 2 ; none"
      })
  void givenExpression_whenMeasured_thenWhatAgainstWhat(
      String expression, String graphed, String limit) {
    Measure measure = Measure.of(Parser.parse(expression));

    assertThat(measure.graphed().toString()).isEqualTo(graphed);
    String shown =
        (measure.isAbove() ? "above " : "below ") + measure.unit().format(measure.limit());
    assertThat(measure.hasLimit() ? shown : "none").isEqualTo(limit);
  }

  @Test
  void givenAddressFromOutside_whenChecked_thenOnlyWhatLeadsWhereItSays() {
    assertThat(Links.checked("https://wiki.example/a(b)?c=d"))
        .isEqualTo("https://wiki.example/a%28b%29?c=d");
    assertThat(Links.checked("https://discord.com@evil.example/")).isEmpty();
    assertThat(Links.checked("javascript:alert(1)")).isEmpty();
    assertThat(Links.checked("https://a.example/ x")).isEmpty();
    assertThat(Links.checked("https://a.example/" + "x".repeat(1000))).isEmpty();
    assertThat(Links.checked("")).isEmpty();
  }
}
