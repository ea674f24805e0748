package vigie.collector.label;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelMatcherTest {
  @ParameterizedTest
  @CsvSource({
    "EQUAL, api, api, true",
    "EQUAL, api, apis, false",
    "EQUAL, '', '', true",
    "NOT_EQUAL, api, '', true",
    "NOT_EQUAL, '', '', false",
    "REGEX, a.+, api, true",
    "REGEX, a, api, false",
    "REGEX, a|b, ab, false",
    "REGEX, (?i:API), api, true",
    "REGEX, .*, '', true",
    "NOT_REGEX, a.+, api, false",
    "NOT_REGEX, a.+, '', true",
  })
  void givenMatcher_whenValueIsLookedAt_thenWholeValueCounts(
      LabelMatcher.Op op, String pattern, String value, boolean matches) {
    LabelMatcher matcher = new LabelMatcher(op, "job", pattern);

    assertThat(matcher.matches(value)).isEqualTo(matches);
    assertThat(matcher.matches(Labels.of("job", value))).isEqualTo(matches);
  }

  @Test
  void givenPatternThatMatchesLineEnds_whenValueHasOne_thenDotMatchesIt() {
    assertThat(new LabelMatcher(LabelMatcher.Op.REGEX, "a", "x.y").matches("x\ny")).isTrue();
  }

  @Test
  void givenBadPattern_whenMade_thenRefusedWithReason() {
    assertThatThrownBy(() -> new LabelMatcher(LabelMatcher.Op.REGEX, "a", "(b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("(b");
  }

  @Test
  void givenMatcher_whenPrinted_thenAsInASelector() {
    assertThat(new LabelMatcher(LabelMatcher.Op.NOT_REGEX, "a", "b\"c"))
        .hasToString("a!~\"b\\\"c\"");
  }
}
