package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "-0.0, -0, -0",
    "1, 1, 1",
    "-2.5, -2.5, -2.5",
    "0.00001, 1e-05, 0.00001",
    "0.0000001, 1e-07, 1e-07",
    "123456789012345678, 123456789012345680, 123456789012345680",
    "1e21, 1e+21, 1e+21",
    "1.5e300, 1.5e+300, 1.5e+300",
    "2.0E-3, 0.002, 0.002",
    "NaN, NaN, NaN",
    "-Infinity, -Inf, -Inf"
  })
  void givenValue_whenWritten_thenAsGoPrintsItAndAsTheApiDoes(double value, String go, String api) {
    assertThat(Numbers.format(value)).isEqualTo(go);
    assertThat(Numbers.json(value)).isEqualTo(api);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void givenNumbersWithFewDecimals_whenWritten_thenTheShortestFormThatIsTheSameNumber(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      long thousandths = random.nextLong() >> (16 + random.nextInt(48));
      double value = thousandths / 1000.0;
      double next = Math.nextUp(value);

      assertThat(Numbers.format(value))
          .isEqualTo(BigDecimal.valueOf(thousandths, 3).stripTrailingZeros().toPlainString());
      assertThat(Double.parseDouble(Numbers.format(next))).isEqualTo(next);
    }
  }
}
