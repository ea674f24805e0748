package vigie.collector.scrape;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import vigie.base.fuzz.FuzzContract;

/** What any target answers is read or is refused with its line. */
class ExpositionParserFuzzTest extends FuzzContract {
  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8(
            "0# HELP a b\\nc\n# TYPE a counter\na_total{x=\"y\",z=\"\\\"\\\\\\n\"} 1.5e3 1700000000\n"),
        utf8("1# TYPE a counter\na_total 1 1700000000.5 # {trace=\"x\"} 1 2\n# EOF\n"),
        utf8("0\n  \t\nb NaN\nc +Inf\nd -Inf\ne 0x1p3\nf{} 123456789012345678901234567890\n"),
        utf8("1{\"quoted name\", \"l\"=\"v\"} -1\nx{a=\"b\",} .5\n# EOF\n"),
        utf8("0a{b=\"c} 1\n"),
        utf8("0\n# éé é\n# UNIT \"é\n"));
  }

  /** The first byte's last bit is for OpenMetrics. */
  @Override
  protected void feed(byte[] bytes) {
    ExpositionParser parser = new ExpositionParser(bytes.length > 0 && (bytes[0] & 1) != 0);
    byte[] text = bytes.clone();
    if (text.length > 0) {
      text[0] = '\n';
    }
    parser.reset(text, text.length);
    parser.metadata(List.of()).forEach(said -> assertThat(said.metric()).isNotEmpty());
    try {
      while (parser.nextSeries()) {
        parser.findSeriesEnd();
        assertThat(parser.labels().metricName()).isNotEmpty();
        parser.readSample();
        assertThat(String.valueOf(parser.value() + parser.timeMillis())).isNotEmpty();
      }
    } catch (ExpositionException refused) {
      assertThat(refused.getMessage()).isNotBlank();
    }
  }
}
