package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.metric.TextFormat.Metric;

class TextFormatTest {
  private static final String GOOD =
      """
      # HELP a Text with \\\\ and \\n end.
      # TYPE a counter
      a{b="c\\"d",e="\\\\"} 1
      h_sum 2
      # TYPE s summary
      s{quantile="0.5"} -Inf
      s_count 3 17
      """;

  @Test
  void givenText_whenParsed_thenMetricsOfIt() {
    List<Metric> metrics = TextFormat.parse(GOOD);
    assertThat(metrics).extracting(m -> m.name).containsExactly("a", "h_sum", "s");
    assertThat(metrics.get(0).help).isEqualTo("Text with \\ and \n end.");
    assertThat(metrics.get(0).samples.get(0).labels().get("b")).isEqualTo("c\"d");
    assertThat(metrics.get(2).samples)
        .extracting(TextFormat.Sample::hasTimestamp)
        .containsExactly(false, true);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "a 1 2 3;|line 1: unexpected \"3\"",
        "a;|line 1: \"\" is not a number",
        "a 1d;|line 1: \"1d\" is not a number",
        "a 0x1;|line 1: \"0x1\" is not a number",
        "a 1 x;|line 1: \"x\" is not a timestamp",
        "a{b=\"c\";|line 1: expected , or } after a label",
        "a{b=\"c;|line 1: a label's value without its closing \"",
        "a{b=\"\\x\"} 1;|line 1: unknown escape \\x",
        "a{b=\"1\",b=\"2\"} 1;|line 1: label b stands there twice or is reserved",
        "1a 1;|line 1: expected a name, not \"1a 1\"",
        "a 1;# TYPE a gauge;|line 2: a second TYPE of a, or one after its samples",
        "# TYPE a gaug;|line 1: unknown type \"gaug\"",
        "# HELP a b;# HELP a c;|line 2: a second HELP of a",
        "a 1|line 1: the file does not end with a line end; it may be half written",
      })
  void givenFault_whenParsed_thenLineAndWords(String text, String message) {
    assertThatThrownBy(() -> TextFormat.parse(text.replace(';', '\n')))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void givenDamagedText_whenParsed_thenAFaultAtMost() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder(GOOD);
      for (int change = 0; change < 3; change++) {
        int at = random.nextInt(text.length());
        text.setCharAt(at, "\n\"\\{}=,# \t\u00e91aN".charAt(random.nextInt(14)));
      }
      text.setLength(random.nextInt(text.length()));
      text.append('\n');
      try {
        TextFormat.parse(text.toString());
      } catch (IllegalArgumentException fault) {
        assertThat(fault).hasMessageStartingWith("line ");
      }
    }
  }
}
