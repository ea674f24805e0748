package vigie.collector.label;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an expression may cost to compile. */
class RegexTest {
  static Stream<String> tooMuch() {
    return Stream.of(
        "((a{1000}){1000}){1000}",
        "(((a{100}b){10,20}c){30,})d",
        "\\pL{1000}",
        "[\\pL\\p{Greek}]{100}",
        "\\Qab\\E(?:x{999}){999}",
        "(".repeat(8000) + ")".repeat(8000),
        "(?:".repeat(201) + "a" + ")*".repeat(201));
  }

  @ParameterizedTest
  @MethodSource("tooMuch")
  @Timeout(60)
  void givenExpressionThatGrows_whenRead_thenRefusedBeforeItIsCompiled(String text) {
    assertThatThrownBy(() -> Regex.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("regular expression has more than .*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?i)\u1c80",
        "(?i)[\u1c88]",
        "(?i)[a-\uffff]",
        "(?i)\\x{1C81}",
        "(?i)[^\\x{20}-\\x{10FFFF}]",
        "(?si:x|\\Q\u1c85\\E)",
      })
  @Timeout(60)
  void givenLettersThatNeverEnd_whenCaseIsIgnored_thenRefused(String text) {
    assertThatThrownBy(() -> Regex.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("U+1C80");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u1c80",
        "[a-\uffff]",
        "(?i)日本[語-]",
        "(?i)\\pL+[^a]\\x{e9}",
        "(?P<ip>[0-9]{1,3}(\\.[0-9]{1,3}){3}){100}",
        "a{1000}|b{,3}|c{x}|{}",
        "[]a]{2}[^]{]|[[:alpha:]]{50}",
      })
  void givenOrdinaryExpression_whenRead_thenItIsCompiled(String text) {
    assertThat(Regex.of(text).toString()).isEqualTo(text);
  }

  @Test
  void givenManyParentheses_whenRead_thenCompiled() {
    String text = "(?:".repeat(198) + "a" + ")*".repeat(198);
    assertThat(Regex.of(text).matches("aaa")).isTrue();
  }

  @Test
  void givenWhatIsNoExpression_whenRead_thenTheMessageSaysWhy() {
    for (String text : new String[] {"(", "a**", "[", "\\", "\\x{", "\\p{", "a{2,1}", "(?i", ")"}) {
      assertThatThrownBy(() -> Regex.of(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("bad regular expression");
    }
  }
}
