package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.histogram.Histogram;

class SeriesNotationTest {
  @Test
  void givenHistogramsAmongNumbers_whenRead_thenEachInItsPlace() {
    List<SeriesNotation.Value> values =
        SeriesNotation.values(
            "1 {{count:2 sum:3 buckets:[1 1]}} _"
                + " {{count:1 buckets:[1]}}+{{count:2 buckets:[0 2]}}x2 2x1");

    assertThat(values).hasSize(8);
    assertThat(values.get(0).number()).isEqualTo(1);
    assertThat(values.get(1).histogram()).hasToString("{count:2, sum:3, (0.5,1]:1, (1,2]:1}");
    assertThat(values.get(2)).isNull();
    assertThat(values.get(5).histogram()).hasToString("{count:5, sum:0, (0.5,1]:1, (1,2]:4}");
    assertThat(values.get(7).number()).isEqualTo(2);
  }

  @Test
  void givenAllFields_whenRead_thenTheyAreTheHistogram() {
    Histogram exponential =
        HistogramNotation.parse(
            "{{schema:1 sum:-0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10] offset:-3"
                + " n_buckets:[4.1 5] n_offset:-5 counter_reset_hint:gauge}}");
    Histogram custom =
        HistogramNotation.parse("{{schema:-53 count:3 custom_values:[5 10] buckets:[1 2]}}");

    assertThat(exponential.isGauge()).isTrue();
    assertThat(exponential.zeroThreshold()).isEqualTo(0.05);
    assertThat(exponential.positive().index(0)).isEqualTo(-3);
    assertThat(exponential.negative().counts()).containsExactly(4.1, 5);
    assertThat(custom.customBounds()).containsExactly(5, 10);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{count:1",
        "{{counts:1}}",
        "{{count:1 count:2}}",
        "{{count:x}}",
        "{{buckets:[1 2}}",
        "{{schema:9}}",
        "{{z_bucket_w:NaN}}",
        "{{schema:-53 custom_values:[1] offset:-1 buckets:[1]}}",
        "{{counter_reset_hint:maybe}}",
        "{{schema:1}}+{{schema:0}}x2",
        "{{}}+{{schema:-53}}x2",
        "{{}}y3",
        "{{}}x-1"
      })
  void givenWrongHistogram_whenRead_thenRefusedInWords(String text) {
    assertThatThrownBy(() -> SeriesNotation.values(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("(?s).{20,}");
  }
}
