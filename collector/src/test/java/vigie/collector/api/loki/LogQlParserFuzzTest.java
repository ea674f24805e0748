package vigie.collector.api.loki;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import vigie.base.fuzz.FuzzContract;

/** Any text is a query or is refused by name and position. */
class LogQlParserFuzzTest extends FuzzContract {
  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("{node=\"p1\", level=~\"err|crit\"} |= \"refused\" != `debug` |~ \"port \\\\d+\""),
        utf8("count_over_time({app=\"sshd\"} |= \"Failed\" | probe=\"web\" and x!=\"\" [5m])"),
        utf8("sum by (node) (rate({type=\"unit.crashed\"}[1h] offset 5m))"),
        utf8("avg without (a, b,) ((count_over_time({a=\"b\"}[1d2h3ms]))) # comment\n"),
        utf8("vector(1)+vector(1e9) + (vector( -3 ))"),
        utf8("{} | drop __error__, __error_details__ !~ \"(?i)a[b-d]*\\t\""),
        utf8("topk(3, rate({a!~\"x\"}[5m])) or vector(1)"));
  }

  @Override
  protected void feed(byte[] bytes) {
    try {
      assertThat(LogQlParser.parse(new String(bytes, StandardCharsets.UTF_8))).isNotNull();
    } catch (LogQlParser.Wrong refused) {
      assertThat(refused.getMessage()).startsWith("parse error at line ");
    }
  }
}
