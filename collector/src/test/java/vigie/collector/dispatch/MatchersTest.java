package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MatchersTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\'',
      value = {
        "severity=\"critical\"            ; [severity=\"critical\"]",
        "severity=critical                ; [severity=\"critical\"]",
        " severity = critical             ; [severity=\"critical\"]",
        "job=~a|b                         ; [job=~\"a|b\"]",
        "job!~\"a.*\"                     ; [job!~\"a.*\"]",
        "job!=\"\"                        ; [job!=\"\"]",
        "job=                             ; [job=\"\"]",
        "{a=\"b\", c!=\"d\"}              ; [a=\"b\", c!=\"d\"]",
        "{a=b,c=d,}                       ; [a=\"b\", c=\"d\"]",
        "a=b,c=d                          ; [a=\"b\", c=\"d\"]",
        "{}                               ; []",
        "\"my label\"=\"x\"               ; [my label=\"x\"]",
        "a=\"say \\\"x\\\" \\\\ \\n\"     ; [a=\"say \\\"x\\\" \\\\ \\n\"]",
        "a=\"x,y}\"                       ; [a=\"x,y}\"]",
        "{a=b                             ; [a=\"b\"]",
        "a=b}                             ; [a=\"b\"]",
        "{a=b}x                           ; [a=\"b}x\"]",
        "a=b c                            ; [a=\"b c\"]",
        "a=\"\\d\"                     ; [a=\"\\\\d\"]",
        "1a=b                             ; [1a=\"b\"]",
        "héllo=wörld                      ; [héllo=\"wörld\"]",
        "\"a.b\"=\"\\t\"             ; [a.b=\"\t\"]"
      })
  void givenMatcher_whenParsed_thenAsAlertmanagerReadsIt(String text, String read) {
    assertThat(Matchers.parse(text)).hasToString(read);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "severity",
        "=x",
        "a==b\"",
        "a=\"b",
        "a=~\"(\"",
        "a=b,,c=d",
        "a=b c=\"d\"",
        "a.b=\"\\x\""
      })
  void givenWrongMatcher_whenParsed_thenSaidWhatIsWrong(String text) {
    assertThatThrownBy(() -> Matchers.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .containsAnyOf("bad matcher " + text, "bad regular expression");
  }
}
