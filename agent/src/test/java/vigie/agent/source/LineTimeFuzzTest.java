package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import vigie.base.fuzz.FuzzContract;

/** Any line has a time or none. */
class LineTimeFuzzTest extends FuzzContract {
  private static final Instant ZERO = Instant.parse("0000-01-01T00:00:00Z").minusSeconds(86_400);
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z").plusSeconds(86_400);

  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("2026-03-01 10:00:00.123 UTC [812] LOG:  checkpoint complete"),
        utf8("2026-03-01T10:00:00Z x"),
        utf8("2026/03/01 10:00:00 [error] 812#812: *1 connect() failed"),
        utf8("192.0.2.1 - - [01/Mar/2026:10:00:00 +0100] \"GET / HTTP/1.1\" 200 612"),
        utf8("[2026-03-01T10:00:00,999999999+05:30] x"),
        utf8("[[[[01/Foo/2026:10:00:00 -9999]"));
  }

  @Override
  protected void feed(byte[] bytes) {
    String line = new String(bytes, StandardCharsets.UTF_8);
    for (ZoneId zone : List.of(ZoneOffset.UTC, ZoneId.of("Europe/Zurich"))) {
      Instant time = LineTime.of(line, zone);
      if (time != null) {
        assertThat(time).isBetween(ZERO, LAST);
      }
    }
  }
}
