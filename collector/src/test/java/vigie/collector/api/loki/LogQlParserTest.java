package vigie.collector.api.loki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.label.LabelMatcher;

class LogQlParserTest {
  @Test
  void givenASelectorWithFilters_whenParsed_thenEachIsThere() {
    LogQuery.Lines lines =
        (LogQuery.Lines)
            LogQlParser.parse(
                "{node=\"p1\", level!~`deb.*`} |= \"a \\\"b\\\"\" != `c` |~ \"d+\" !~ \"e\""
                    + " | probe=\"web\" , target!=\"x\" | drop __error__, __error_details__ # end");
    assertThat(lines.matchers())
        .extracting(LabelMatcher::toString)
        .containsExactly("node=\"p1\"", "severity!~\"deb.*\"", "probe=\"web\"", "target!=\"x\"");
    assertThat(lines.filters()).hasSize(4);
    assertThat(lines.filters().get(0).needle()).isEqualTo("a \"b\"");
    assertThat(lines.filters()).allMatch(filter -> filter.matches("a \"b\" ddd"));
    assertThat(lines.filters()).filteredOn(filter -> !filter.matches("a \"b\" ddd c e")).hasSize(2);
  }

  @Test
  void givenGrafanasLogVolume_whenParsed_thenItIsASumOfCounts() {
    LogQuery.Aggregated sum =
        (LogQuery.Aggregated)
            LogQlParser.parse(
                "sum by (level, detected_level) (count_over_time({node=\"p1\"} |= `x` | drop"
                    + " __error__[1m]))");
    assertThat(sum.op()).isEqualTo(LogQuery.Aggregate.SUM);
    assertThat(sum.by()).isTrue();
    assertThat(sum.labels()).isEqualTo(List.of("level", "detected_level"));
    LogQuery.Counted counted = (LogQuery.Counted) sum.of();
    assertThat(counted.range()).isEqualTo(Duration.ofMinutes(1));
    assertThat(counted.perSecond()).isFalse();
    assertThat(counted.lines().filters()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "vector(1)+vector(1)",
        "vector( 1 ) + vector(1)",
        "rate({a=\"b\"}[5m] offset 1h)",
        "sum(rate({a=\"b\"}[5m])) by (node)",
        "max without(unit) (sum by (unit, node) (rate({a=\"b\"}[5m])))",
        "count_over_time({a=\"b\"}[500ms])",
        "(avg(rate({a=\"b\"} |= \"x\" [1h30m])))"
      })
  void givenWhatIsAnswered_whenParsed_thenItIsTaken(String query) {
    assertThat(LogQlParser.parse(query)).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '#',
      value = {
        "'' @ line 1, col 1: the end begins no query",
        "{node @ line 1, col 6: expected =, !=, =~ or !~ instead of the end",
        "{node=p1} @ line 1, col 7: expected a string instead of \"p1\"",
        "{node=\"p1\" @ line 1, col 11: expected , instead of the end",
        "{node=\"p1} @ line 1, col 7: the string is not closed",
        "{a=\"\\q\"} @ line 1, col 6: \\q is not supported in a string",
        "{} | json @ line 1, col 6: the stage json is not supported",
        "{} | logfmt | x=\"1\" @ line 1, col 6: the stage logfmt is not supported",
        "{} | drop node @ line 1, col 11: drop is supported for __error__ only",
        "{} |= \"a\" or \"b\" @ line 1, col 13: or between line filters is not supported",
        "topk(3, rate({}[1m])) @ line 1, col 1: topk is not supported",
        "sum(quantile_over_time({}[1m])) @ line 1, col 5: quantile_over_time is not supported",
        "rate({}[soon]) @ line 1, col 9: \"soon\" is no duration such as 5m",
        "rate({}) @ line 1, col 8: expected [ instead of \")\"",
        "rate({}[1m]) > 3 @ line 1, col 14: \">\" is not supported here",
        "rate({}[1m]) + rate({}[1m]) @ line 1, col 28: arithmetic is not supported",
        "{a=~\"(\"} @ line 1, col 5: bad regular expression",
        "vector(x) @ line 1, col 8: vector needs a number"
      })
  void givenAnythingElse_whenParsed_thenItIsRefusedByNameAndPosition(String query, String why) {
    assertThatThrownBy(() -> LogQlParser.parse(query.equals("''") ? "" : query))
        .isInstanceOf(LogQlParser.Wrong.class)
        .hasMessageContaining("parse error at " + why);
  }

  @Test
  void givenDeepNesting_whenParsed_thenItIsRefused() {
    assertThatThrownBy(() -> LogQlParser.parse("sum(".repeat(10_00) + "x"))
        .isInstanceOf(LogQlParser.Wrong.class)
        .hasMessageContaining("nested");
    assertThatThrownBy(() -> LogQlParser.parse("x".repeat(20_000)))
        .isInstanceOf(LogQlParser.Wrong.class);
  }
}
