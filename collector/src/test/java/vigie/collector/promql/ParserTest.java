package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.label.LabelMatcher;

class ParserTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "up | up",
        "up{job=\"a\", x!~'b.*',} | up{job=\"a\",x!~\"b.*\"}",
        "{__name__=\"up\"} | {__name__=\"up\"}",
        "{\"http.server\", \"a.b\"=\"c\"} | {\"a.b\"=\"c\",__name__=\"http.server\"}",
        "foo:bar:rate5m | foo:bar:rate5m",
        "up[5m] | up[5m]",
        "up[300] offset 1h | up[5m] offset 1h",
        "up offset -5m @ 10.5 | up @ 10.500 offset -5m",
        "up[1h:5m] @ start() | up[1h:5m] @ start()",
        "up[1h:] | up[1h:]",
        "SUM(up) BY (job) | sum by (job) (up)",
        "sum without() (up) | sum without () (up)",
        "topk(3, up) | topk(3, up)",
        "count_values by(a) (\"v\", up) | count_values by (a) (\"v\", up)",
        "1 + 2 * 3 ^ 4 ^ 5 | 1 + 2 * 3 ^ 4 ^ 5",
        "-1 ^ 2 | -1 ^ 2",
        "- - -1 | -1",
        "-up | -up",
        "a / on(x) group_left(y) b | a / on (x) group_left (y) b",
        "a * ignoring(x) group_right b | a * ignoring (x) group_right () b",
        "a AND b UNLESS c OR d | a and b unless c or d",
        "a > bool 1 | a > bool 1",
        "a unless on() b | a unless on () b",
        "1h30m | 1h30m",
        "0x1F + 1e3 + .5 + Inf + nan | 31 + 1000 + 0.5 + +Inf + NaN",
        "1_000 | 1000",
        "\"a\\x41\\u00e9\\n\" | \"aAé\\n\"",
        "sum | sum",
        "offset offset 5m | offset offset 5m",
        "sum(offset) by (by, on) | sum by (by, on) (offset)",
      })
  void givenQuery_whenParsed_thenPrintedAsPrometheusDoes(String query, String printed) {
    String once = Parser.parse(query).toString();

    assertThat(once).isEqualTo(printed);
    assertThat(Parser.parse(once)).hasToString(once);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "^^ | 1:1 | no expression found in input",
        "up{ | 1:4 | unexpected end of input inside braces, opened at 1:3, expected identifier",
        "up{job} | 1:7 | expected label matching operator",
        "up{job=a} | 1:8 | expected string",
        "{} | 1:1 | at least one non-empty matcher",
        "{a=~\".*\"} | 1:1 | at least one non-empty matcher",
        "up{__name__=\"x\"} | 1:1 | metric name must not be set twice",
        "up{a=~\"(\"} | 1:4 | error parsing regexp",
        "sum(up | 1:7 | unclosed left parenthesis, opened at 1:4",
        "rate(up) | 1:6 | expected type range vector in call to function \"rate\", got instant",
        "rate(up[5m], 1) | 1:1 | expected 1 argument(s) in call to \"rate\", got 2",
        "sum(1) | 1:5 | expected type instant vector in aggregation expression, got scalar",
        "topk(up) | 1:1 | wrong number of arguments for aggregate expression",
        "foo(up) | 1:1 | unknown function with name \"foo\"",
        "1 == 1 | 1:3 | comparisons between scalars must use BOOL modifier",
        "up + bool up | 1:6 | bool modifier can only be used on comparison operators",
        "1 and 2 | 1:3 | set operator \"and\" not allowed in binary scalar expression",
        "a and on(x) group_left b | 1:13 | no grouping allowed for \"and\" operation",
        "a * on(x) group_left(x) b | 1:11 | must not occur in ON and GROUP clause at once",
        "1 * on(x) up | 1:5 | vector matching only allowed between instant vectors",
        "a * group_left b | 1:5 | expected on or ignoring",
        "up[5m] + 1 | 1:1 | binary expression must contain only scalar and instant vector types",
        "up[0s] | 1:4 | duration must be greater than 0",
        "up[5x] | 1:4 | bad number or duration syntax",
        "sum(up)[5m] | 1:8 | ranges only allowed for vector selectors",
        "up[5m][5m:] | 1:7 | subquery is only allowed on instant vector",
        "up offset 1m offset 2m | 1:14 | offset may not be set multiple times",
        "sum(up) offset 5m | 1:9 | offset modifier must be preceded by",
        "up @ 1 @ 2 | 1:8 | may not be set multiple times",
        "-\"a\" | 1:1 | unary expression only allowed on expressions of type scalar",
        "\"abc | 1:1 | unterminated quoted string",
        "\"\\q\" | 1:1 | unknown escape sequence",
        "up $ 1 | 1:4 | unexpected character: '$'",
        "up up | 1:4 | unexpected identifier \"up\"",
        "up == | 1:6 | unexpected end of input",
        "sum by (a,) (up)) | 1:17 | unexpected right parenthesis ')'",
      })
  void givenWrongQuery_whenParsed_thenRefusedWithPlaceAndReason(
      String query, String place, String reason) {
    assertThatThrownBy(() -> Parser.parse(query))
        .hasMessageStartingWith(place + ": parse error: ")
        .hasMessageContaining(reason)
        .matches(e -> !String.valueOf(e.getMessage()).contains("\n"))
        .matches(e -> ((PromqlException) e).kind() == PromqlException.Kind.PARSE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 + mad_over_time(up[5m]) | 1:5 | function \"mad_over_time\"",
        "up[5m + 1m] | 1:7 | duration expression",
        "up[step()] | 1:4 | duration expression",
        "up offset (1m) | 1:11 | duration expression",
        "a + on(x) fill(0) b | 1:11 | modifier \"fill\"",
      })
  void givenConstructWeLack_whenParsed_thenRefusedByNameAndPlace(
      String query, String place, String construct) {
    PromqlException refused =
        catchThrowableOfType(PromqlException.class, () -> Parser.parse(query));

    assertThat(refused)
        .hasMessageStartingWith(place + ": parse error: " + construct + " is not enabled");
    assertThat(refused.kind()).isEqualTo(PromqlException.Kind.NOT_SUPPORTED);
  }

  @Test
  void givenErrorOnSecondLine_whenAsked_thenLineColumnAndCaret() {
    PromqlException error =
        catchThrowableOfType(PromqlException.class, () -> Parser.parse("sum(up)\n  + rate(up)"));

    assertThat(error.line()).isEqualTo(2);
    assertThat(error.column()).isEqualTo(10);
    assertThat(error.caret()).isEqualTo("  + rate(up)\n         ^");
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "-", "sum(", "1 + ", "1 ^ "})
  void givenEndlessNesting_whenParsed_thenRefusedNotOverflown(String piece) {
    assertThatThrownBy(() -> Parser.parse(piece.repeat(20_000)))
        .isInstanceOf(PromqlException.class);
  }

  @Test
  void givenHugeQuery_whenParsed_thenRefused() {
    assertThatThrownBy(() -> Parser.parse("x".repeat(Parser.LONGEST + 1)))
        .hasMessageContaining("longer than");
  }

  @Test
  void givenQuery_whenAskedForSelectors_thenAllWithHowFarTheyLookBack() {
    Expr expr =
        Parser.parse(
            "rate(a{x=\"1\"}[5m] offset 1m) + max_over_time(sum(rate(b[1m]))[10m:1m] offset 2m)"
                + " > c @ 5");

    assertThat(expr.selectors())
        .extracting(SelectorUse::rangeMillis, SelectorUse::offsetMillis)
        .containsExactly(tuple(300_000L, 60_000L), tuple(660_000L, 120_000L), tuple(0L, 0L));
    assertThat(expr.selectors().get(0).matchers())
        .containsExactlyInAnyOrder(
            LabelMatcher.equal("__name__", "a"), LabelMatcher.equal("x", "1"));
    assertThat(expr.selectors().get(2).at()).isNotNull();
    assertThat(expr.selectors().get(1).span().column()).isEqualTo(55);
  }
}
