package vigie.base.syslog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import vigie.base.fuzz.FuzzContract;

/**
 * Any bytes are a record or nothing, none of it is lost, and what we write of it reads the same.
 */
class SyslogParserFuzzTest extends FuzzContract {
  private static final Instant RECEIVED = Instant.parse("2026-11-21T12:00:00Z");
  private static final String BOM = "\uFEFF";

  private final SyslogParser parser = new SyslogParser(ZoneOffset.UTC);
  private final SyslogWriter writer = new SyslogWriter();

  @Override
  protected List<byte[]> seeds() throws IOException {
    return SyslogCorpusTest.rows().stream()
        .map(row -> Base64.getDecoder().decode((String) row.get("raw_b64")))
        .filter(raw -> raw.length <= mostBytes())
        .collect(Collectors.toList());
  }

  @Override
  protected void feed(byte[] bytes) {
    int end = SyslogParser.trimmed(bytes, 0, bytes.length);
    SyslogMessage message = parser.parse(bytes, RECEIVED);
    if (message == null) {
      assertThat(end).isZero();
      return;
    }
    byte[] text = message.textBytes();
    assertThat(text).isEqualTo(Arrays.copyOfRange(bytes, end - text.length, end));
    assertThat(message.pri()).isBetween(0, 191);
    if (message.format() == SyslogMessage.Format.NONE) {
      assertThat(text).hasSize(end);
    }
    assertThat(message.data()).hasSizeLessThanOrEqualTo(SyslogMessage.MAX_ELEMENTS);
    message.data().keySet().stream()
        .filter(id -> id.chars().allMatch(c -> c < 0x80))
        .forEach(id -> assertThat(message.element(id)).isNotNull());
    assertThat(message.hasData()).isEqualTo(!message.data().isEmpty());
    writeAndRead(message);
  }

  private void writeAndRead(SyslogMessage message) {
    Instant time = message.time() == null ? RECEIVED : message.time();
    writer.begin(
        message.pri(), time, message.host(), message.app(), message.procId(), message.msgId());
    message
        .data()
        .forEach(
            (id, element) -> {
              writer.element(id);
              element.forEach((name, values) -> values.forEach(v -> writer.param(name, v)));
            });
    byte[] written = writer.end(message.text());
    SyslogMessage again = parser.parse(written, RECEIVED);

    assertThat(again.format()).isEqualTo(SyslogMessage.Format.RFC5424);
    assertThat(again.pri()).isEqualTo(message.pri());
    assertThat(again.time()).isEqualTo(micros(time));
    assertThat(again.text()).isEqualTo(withoutBom(message.text()));
    assertThat(
            again.data().values().stream().flatMap(e -> e.values().stream()).flatMap(List::stream))
        .containsExactlyInAnyOrderElementsOf(values(message.data()));
  }

  private static List<String> values(Map<String, Map<String, List<String>>> data) {
    return data.values().stream()
        .flatMap(e -> e.values().stream())
        .flatMap(List::stream)
        .collect(Collectors.toList());
  }

  /** The writer writes none, so that one at the start of the text is taken for the standard's. */
  private static String withoutBom(String text) {
    return text.startsWith(BOM) ? text.substring(1) : text;
  }

  private static Instant micros(Instant time) {
    return Instant.ofEpochSecond(time.getEpochSecond(), time.getNano() / 1000 * 1000L);
  }
}
