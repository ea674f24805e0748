package vigie.base.syslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyslogWriterTest {
  private static final Instant TIME = Instant.parse("2026-11-21T11:59:58.123456789Z");

  private final SyslogWriter writer = new SyslogWriter();

  private static SyslogMessage read(byte[] record) {
    return Objects.requireNonNull(new SyslogParser(ZoneOffset.UTC).parse(record, TIME));
  }

  @Test
  void givenEvent_whenWritten_thenItsBytesAreRfc5424() {
    byte[] record =
        writer
            .begin(29, TIME, "p1", "vigie", "812", "probe.down")
            .element("vigie@32473")
            .param("node", "p1")
            .param("seq", 17)
            .param("reason", "expected \"ok\" got [\\]")
            .element("timeQuality")
            .param("tzKnown", "1")
            .end("calculatrice is down");

    assertThat(new String(record, StandardCharsets.UTF_8))
        .isEqualTo(
            "<29>1 2026-11-21T11:59:58.123456Z p1 vigie 812 probe.down [vigie@32473 node=\"p1\""
                + " seq=\"17\" reason=\"expected \\\"ok\\\" got [\\\\\\]\"][timeQuality"
                + " tzKnown=\"1\"] calculatrice is down");
  }

  @Test
  void givenHostileHeaderFields_whenWritten_thenStillOneRecordOfTheSameShape() {
    byte[] record =
        writer
            .begin(0, Instant.MAX, "a b\nc\u00e9" + "x".repeat(300), "", "-", "m".repeat(33))
            .element("a=b]c\"")
            .param("k v", "1")
            .end("");

    SyslogMessage message = read(record);
    assertThat(message.time()).isNull();
    assertThat(message.host()).isEqualTo("a_b_c_" + "x".repeat(249));
    assertThat(message.app()).isEmpty();
    assertThat(message.msgId()).hasSize(32);
    assertThat(message.data()).isEqualTo(Map.of("a_b_c_", Map.of("k_v", List.of("1"))));
    assertThat(message.text()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "plain", "é€\uD83D\uDE00", "\"]\\", "a\nb\tc\u0000d", "\\\"", " "})
  void givenAnyText_whenWrittenAndRead_thenTheSame(String text) {
    byte[] record =
        writer.begin(13, TIME, "h", "a", "1", "t").element("e").param("v", text).end(text + ".");

    SyslogMessage message = read(record);
    assertThat(message.element("e")).isEqualTo(Map.of("v", text));
    assertThat(message.text()).isEqualTo(text + ".");
    assertThat(message.time()).isEqualTo(Instant.parse("2026-11-21T11:59:58.123456Z"));
  }

  @Test
  void givenNoElement_whenWritten_thenNilData() {
    assertThat(new String(writer.begin(13, TIME, "h", "a", "", "").end(""), StandardCharsets.UTF_8))
        .isEqualTo("<13>1 2026-11-21T11:59:58.123456Z h a - - -");
  }

  @Test
  void givenMoreThanFits_whenWritten_thenWholeParametersGoAndTheTextIsCutBetweenCharacters() {
    byte[] record =
        writer
            .begin(13, TIME, "h", "a", "1", "t")
            .element("e")
            .param("small", "1")
            .param("large", "\"".repeat(40_000))
            .param("after", "2")
            .element("f")
            .param("filling", "x".repeat(65_400))
            .element("left.out")
            .param("k", "v")
            .end("\u20ac".repeat(40_000));

    SyslogMessage message = read(record);
    assertThat(record.length).isBetween(SyslogWriter.MAX_RECORD - 2, SyslogWriter.MAX_RECORD);
    assertThat(message.element("e")).isEqualTo(Map.of("small", "1", "after", "2"));
    assertThat(message.data().keySet()).containsExactly("e", "f");
    assertThat(message.text()).doesNotContain("\uFFFD").startsWith("\u20ac");
  }

  @Test
  void givenPriOutOfRange_whenBegun_thenRefused() {
    assertThatThrownBy(() -> writer.begin(192, TIME, "h", "a", "", ""))
        .hasMessage("pri 192 is not within 0 to 191");
  }
}
