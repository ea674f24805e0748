package vigie.collector.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpositionParserTest {
  private static List<String> parse(String text, boolean openMetrics) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ExpositionParser parser = new ExpositionParser(openMetrics);
    parser.reset(bytes, bytes.length);
    List<String> samples = new ArrayList<>();
    while (parser.nextSeries()) {
      parser.findSeriesEnd();
      String labels = parser.labels().toString();
      parser.readSample();
      samples.add(
          labels + " " + parser.value() + (parser.timed() ? " @" + parser.timeMillis() : ""));
    }
    return samples;
  }

  @Test
  void givenTextFormat_whenParsed_thenEverySample() {
    String text =
        """
        # HELP a help \\n here
        # TYPE a counter
        a 1
        a{x="1",y="two"} 2.5e3 1700000000123
        a { x = "sp ace" , } NaN

          a_indented{x="q\\"uote\\\\ \\n}"} -Inf
        {"utf8.name","label.é"="v"} 0x
        """
            .replace("0x", "+Inf");
    assertThat(parse(text, false))
        .containsExactly(
            "{__name__=\"a\"} 1.0",
            "{__name__=\"a\", x=\"1\", y=\"two\"} 2500.0 @1700000000123",
            "{__name__=\"a\", x=\"sp ace\"} NaN",
            "{__name__=\"a_indented\", x=\"q\\\"uote\\\\ \\n}\"} -Infinity",
            "{__name__=\"utf8.name\", label.é=\"v\"} Infinity");
  }

  @Test
  void givenOpenMetrics_whenParsed_thenSecondsAndExemplarsSkipped() {
    assertThat(parse("a_total 1 1700000000.5 # {trace=\"x\"} 1\n# EOF\n", true))
        .containsExactly("{__name__=\"a_total\"} 1.0 @1700000000500");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "a b",
        "a{x=\"1\" 1",
        "a{x=1} 1",
        "a{x=\"1\"y=\"2\"} 1",
        "{x=\"1\"} 1",
        "a 1 2 3",
        "a{x=\"1\",x=\"2\"} 1",
        "a 1d",
        "<html>"
      })
  void givenBadLine_whenParsed_thenLineIsNamed(String bad) {
    assertThatThrownBy(() -> parse("ok 1\n" + bad + "\n", false))
        .hasMessageStartingWith("line 2: ");
  }

  @Test
  void givenOpenMetricsWithoutEof_whenParsed_thenRefused() {
    assertThatThrownBy(() -> parse("a 1\n", true)).hasMessageContaining("# EOF");
  }

  @ParameterizedTest
  @CsvSource({
    "0",
    "-0",
    "1",
    "123456789012345",
    "1234567890123456789",
    "0.1",
    "0.30000000000000004",
    "1e-320",
    "1.7976931348623157e308",
    "9007199254740993",
    "4.9e-324",
    "000001",
    "1."
  })
  void givenNumber_whenParsed_thenAsTheJdkReadsIt(String number) {
    assertThat(parse("a " + number + "\n", false))
        .containsExactly("{__name__=\"a\"} " + Double.parseDouble(number));
  }

  @Test
  void givenRandomBytes_whenParsed_thenSamplesOrExpositionException() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String alphabet = "a{}\"=,\\ \n#1.eE+-xNaN\t\r\u00e9";
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(40); i >= 0; i--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        parse(text.toString(), random.nextBoolean());
      } catch (ExpositionException expected) {
        assertThat(expected).hasMessageStartingWith("line ");
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + " text " + text, e);
      }
    }
  }
}
