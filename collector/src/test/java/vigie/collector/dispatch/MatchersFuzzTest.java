package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import vigie.base.fuzz.FuzzContract;
import vigie.collector.label.LabelMatcher;

/** Any text is matchers or is refused in words; what they print is read as the same. */
class MatchersFuzzTest extends FuzzContract {
  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("{node=\"p1\", unit=~\"ssh.*\", a!=b, c!~`d`}"),
        utf8("severity=critical"),
        utf8("\"quoted name\"=\"\\\"\\\\\\n\\u00e9\""),
        utf8("{}"),
        utf8("a=b,c=d,"));
  }

  @Override
  protected void feed(byte[] bytes) {
    List<LabelMatcher> matchers;
    try {
      matchers = Matchers.parse(new String(bytes, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      return;
    }
    matchers.forEach(matcher -> matcher.matches("x"));
    if (!matchers.stream().allMatch(m -> m.name().matches("[a-zA-Z_:][a-zA-Z0-9_:]*"))) {
      return; // printed for people, without quotes
    }
    String printed =
        matchers.stream().map(LabelMatcher::toString).collect(Collectors.joining(",", "{", "}"));
    assertThat(Matchers.parse(printed)).isEqualTo(matchers);
  }
}
