package vigie.collector.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.collector.graph.TerminalGraph.Line;

class TerminalGraphTest {
  private static final long HOUR = 3_600_000;

  private static Line line(double... values) {
    long[] times = new long[values.length];
    for (int i = 0; i < times.length; i++) {
      times[i] = HOUR * i / (times.length - 1);
    }
    return new Line(times, values);
  }

  private static List<String> draw(int width, boolean unicode, Line... lines) {
    return new TerminalGraph(width, 5, unicode, ZoneOffset.UTC).draw(List.of(lines), 0, HOUR);
  }

  @Test
  void givenAscii_whenDrawn_thenAxesMarksAndNoOtherCharacters() {
    assertThat(draw(40, false, line(0, 1, 2, 3, 4), line(4, 4, 4, 4, 4)))
        .containsExactly(
            "        4 +o      o      o      o      o",
            "          |                     *",
            "        2 +              *",
            "          |       *",
            "        0 +*",
            "          +-----------------------------",
            "           00:00:00  00:30:00   01:00:00");
  }

  @Test
  void givenOneSeriesInUnicode_whenDrawn_thenDotsRiseFromCornerToCorner() {
    double[] values = new double[59];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    List<String> lines = draw(40, true, line(values));

    assertThat(lines.get(0)).startsWith("       58 ┤").hasSize(40).matches(".*[\u2801-\u28ff]");
    assertThat(lines.get(4)).matches("        0 ┤[\u2801-\u28ff]+");
    assertThat(lines.get(5)).isEqualTo("          └" + "─".repeat(29));
  }

  @Test
  void givenOddValues_whenDrawn_thenTheyAreLeftOutAndTheRestStands() {
    List<String> lines =
        draw(40, false, line(Double.NaN, Double.POSITIVE_INFINITY, 5, Double.NEGATIVE_INFINITY, 5));

    assertThat(String.join("", lines).chars().filter(c -> c == '*').count()).isEqualTo(2);
    assertThat(draw(40, false, line(Double.NaN, Double.NaN))).hasSize(7);
    assertThat(draw(40, true, line(-Double.MAX_VALUE, Double.MAX_VALUE))).hasSize(7);
    assertThat(draw(40, true)).hasSize(7);
  }

  @ParameterizedTest
  @CsvSource({"10", "30", "31", "80", "200", "100000"})
  void givenAnyWidth_whenDrawn_thenNoLineIsLonger(int width) {
    int most = Math.max(30, Math.min(500, width));

    assertThat(draw(width, true, line(1, 2, 1e12), line(3, 4, 5)))
        .allMatch(line -> line.length() <= most);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "-1.5, -1.5",
    "999.94, 999.9",
    "1234, 1234",
    "12345, 12.35k",
    "1.5e9, 1500M",
    "123456789012, 123.5G",
    "0.00123, 0.00123",
    "1e-7, 1.00e-07",
    "1e300, 1.00e+300",
    "0.1, 0.1"
  })
  void givenValue_whenWrittenAtTheAxis_thenShort(double value, String text) {
    assertThat(TerminalGraph.text(value)).isEqualTo(text).hasSizeLessThan(10);
  }
}
