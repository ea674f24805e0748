package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import vigie.base.fuzz.FuzzContract;

/** Any text is a query or is refused with its place, and a query that is printed is the same. */
class ParserFuzzTest extends FuzzContract {
  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("sum by (node) (rate(a_total{b=\"c\",d=~\"e|f\",g!=\"\"}[5m] offset 1h)) > bool 0.5"),
        utf8("histogram_quantile(0.9, sum without (pod) (rate(x_bucket[1m30s:15s])))"),
        utf8("a{} and on (x, y) group_left (z) b unless ignoring () c or -1e3 ^ 2 ^ 0x1F"),
        utf8("label_replace(up @ end(), \"d\", \"$1\", \"s\", \"(.*)\\\\n\\u00e9\")"),
        utf8("topk(3, max_over_time(a[1h])) # comment\n + Inf % NaN atan2 -vector(time())"),
        utf8("{__name__=~\"x.+\", \"quoted name\", \"q l\"='v'}[5m]"),
        utf8("count_values(\"v\", quantile(0.5, a @ 1609746000)) * `raw\\`"));
  }

  @Override
  protected void feed(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    Expr query;
    try {
      query = Parser.parse(text);
    } catch (PromqlException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      assertThat(refused.line()).isPositive();
      assertThat(refused.caret()).isNotNull();
      return;
    }
    String printed = query.toString();
    if (text.contains("__name__") || printed.contains("+Inf")) {
      return; // as Prometheus prints them: with a name twice, with a plus that is read as unary
    }
    assertThat(Parser.parse(printed).toString()).isEqualTo(printed);
  }
}
