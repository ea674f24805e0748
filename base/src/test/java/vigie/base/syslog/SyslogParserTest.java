package vigie.base.syslog;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyslogParserTest {
  private static final Instant RECEIVED = Instant.parse("2026-11-21T12:00:00Z");

  private static SyslogMessage parse(String record) {
    return Objects.requireNonNull(
        new SyslogParser(ZoneOffset.UTC).parse(record.getBytes(StandardCharsets.UTF_8), RECEIVED));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[a k] x",
        "[a k=] x",
        "[a k=\"v] x",
        "[a k=\"v\\\"] x",
        "[a k=\"v\"j=\"w\"] x",
        "[k=\"v\"] x",
        "[a",
        "[",
        "[ k=\"v\"] x",
        "[a =\"v\"] x",
        "[a k=\"v\"",
        "[a k=\"v\"]]",
        "[a k=\"v\"][] x"
      })
  void givenBrokenStructuredData_whenParsed_thenItIsTheBeginningOfTheText(String rest) {
    SyslogMessage message = parse("<13>1 - h a - - " + rest);

    assertThat(message.format()).isEqualTo(SyslogMessage.Format.RFC5424);
    assertThat(message.data()).isEmpty();
    assertThat(message.text()).isEqualTo(rest);
  }

  @Test
  void givenAnArrayThatIsFilledAnew_whenItHoldsJustOneRecord_thenItsRecordIsACopy() {
    byte[] array = "<13>a: x".getBytes(StandardCharsets.UTF_8);
    SyslogParser parser = new SyslogParser(ZoneOffset.UTC);
    SyslogMessage message = parser.emptyMessage();
    parser.parse(array, 0, array.length, RECEIVED, message);

    byte[] record = message.record();
    Arrays.fill(array, (byte) 0);

    assertThat(record).asString().isEqualTo("<13>a: x");
  }

  @Test
  void givenOddButWholeStructuredData_whenParsed_thenEveryValueIsThere() {
    SyslogMessage message =
        parse("<13>1 - h a - - [a   k=\"\\n\\]\\\\\"  j=\"\" ][b][a k=\"2\"] text");

    assertThat(message.data())
        .isEqualTo(
            Map.of("a", Map.of("k", List.of("\\n]\\", "2"), "j", List.of("")), "b", Map.of()));
    assertThat(message.element("a")).isEqualTo(Map.of("k", "\\n]\\", "j", ""));
    assertThat(message.element("c")).isNull();
    assertThat(message.text()).isEqualTo("text");
  }

  @Test
  void givenMoreElementsThanTheLimit_whenRead_thenTheRestStaysInTheBytes() {
    SyslogMessage message =
        parse("<13>1 - h a - - " + "[e0][e1 k=\"v\"]".repeat(1) + many() + " x");

    assertThat(message.data()).hasSize(SyslogMessage.MAX_ELEMENTS);
    assertThat(message.text()).isEqualTo("x");
  }

  private static String many() {
    StringBuilder elements = new StringBuilder();
    for (int i = 2; i < 5000; i++) {
      elements.append("[e").append(i).append(" k=\"v\"]");
    }
    return elements.toString();
  }

  @ParameterizedTest
  @CsvSource({
    "Nov 21 11:59:58, 2026-11-21T11:59:58Z",
    "Nov 28 11:59:58, 2026-11-28T11:59:58Z",
    "Nov 28 12:00:01, 2025-11-28T12:00:01Z",
    "Nov  1 11:59:58, 2026-11-01T11:59:58Z",
    "Nov 21 2024 11:59:58, 2024-11-21T11:59:58Z",
    "Nov 21 11:59:58 2024, 2024-11-21T11:59:58Z",
    "2024 Feb 29 11:59:58.5, 2024-02-29T11:59:58.5Z",
    "2026-11-21T11:59:58, 2026-11-21T11:59:58Z",
    "2026-11-21t11:59:58.000001+01:30, 2026-11-21T10:29:58.000001Z",
    "2026-02-29T11:59:58Z,",
    "Nov 31 11:59:58,",
    "Nov 21 24:00:00,",
    "Nov 21 23:59:60,",
  })
  void givenDate_whenParsedAsRfc3164_thenTimeHostTagAndTextFollow(String date, Instant time) {
    SyslogMessage message = parse("<13>" + date + " h app[7]: x");

    assertThat(message.time()).isEqualTo(time);
    assertThat(message.host()).isEqualTo("h");
    assertThat(message.app()).isEqualTo("app");
    assertThat(message.procId()).isEqualTo("7");
    assertThat(message.text()).isEqualTo("x");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nov 21 11:59:58 h app: x",
        "Nov 21 11:59 h app: x",
        "Nov 21 11:59:5",
        "2026-11-21 11:59:58 h app: x",
        "2026-11-21T11:59:58+0100 h app: x"
      })
  void givenNoDate_whenParsed_thenNoHostIsLookedFor(String rest) {
    SyslogMessage message = parse("<13>" + rest);

    assertThat(message.time()).isNull();
    assertThat(message.host()).isEmpty();
    assertThat(message.text()).isEqualTo(rest);
  }

  @Test
  void givenZoneWithSummerTime_whenDateHasNoZone_thenTheZoneOfThatDayCounts() {
    SyslogParser parser = new SyslogParser(ZoneId.of("Europe/Zurich"));

    SyslogMessage summer =
        parser.parse("<13>Jul  1 12:00:00 h a: x".getBytes(StandardCharsets.UTF_8), RECEIVED);
    SyslogMessage winter =
        parser.parse("<13>2026-01-01T12:00:00 h a: x".getBytes(StandardCharsets.UTF_8), RECEIVED);

    assertThat(summer.time()).isEqualTo("2026-07-01T10:00:00Z");
    assertThat(winter.time()).isEqualTo("2026-01-01T11:00:00Z");
  }

  @ParameterizedTest
  @CsvSource({
    "app[7] x, app, 7, x",
    "app[7]:x, app, 7, x",
    "app[7]x, '', '', app[7]x",
    "app[7, '', '', app[7",
    "app:, app, '', ''",
    "123: x, '', '', 123: x",
    "a]: x, '', '', a]: x",
  })
  void givenTag_whenParsed_thenSplitByTheRules(
      String rest, String app, String procId, String text) {
    SyslogMessage message = parse("<13>Nov 21 11:59:58 h " + rest);

    assertThat(message.host()).isEqualTo("h");
    assertThat(message.app()).isEqualTo(app);
    assertThat(message.procId()).isEqualTo(procId);
    assertThat(message.text()).isEqualTo(text);
  }

  @Test
  void givenAnyBytes_whenParsed_thenNeverThrowsAndTheTextIsTheirEnd() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    SyslogParser parser = new SyslogParser(ZoneOffset.UTC);
    byte[] good =
        "<13>1 2026-11-21T11:59:58.5Z h a p m [a k=\"\\\"\"][b] Nov 21 11:59:58 2026 fe80:: t[1]: x"
            .getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 200_000; i++) {
      byte[] bytes = mutated(good, random);
      try {
        SyslogMessage message = parser.parse(bytes, RECEIVED);
        if (message != null) {
          byte[] text = message.textBytes();
          int end = SyslogParser.trimmed(bytes, 0, bytes.length);
          assertThat(text).isEqualTo(Arrays.copyOfRange(bytes, end - text.length, end));
          assertThat(message.host() + message.app() + message.msgId() + message.procId())
              .isNotNull();
          assertThat(message.data()).isNotNull();
          message.time();
        }
      } catch (RuntimeException | AssertionError fault) {
        throw new AssertionError("seed " + seed + ": " + Arrays.toString(bytes), fault);
      }
    }
  }

  /** The good record cut, joined at another place, with some bytes changed; or noise. */
  private static byte[] mutated(byte[] good, Random random) {
    byte[] bytes;
    if (random.nextInt(8) == 0) {
      bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      return bytes;
    }
    int from = random.nextInt(good.length);
    int head = random.nextInt(good.length);
    bytes = Arrays.copyOf(good, head + good.length - from);
    System.arraycopy(good, from, bytes, head, good.length - from);
    for (int n = random.nextInt(3); n > 0 && bytes.length > 0; n--) {
      byte[] pool = {' ', ':', '[', ']', '"', '\\', '-', '0', (byte) 0xff, '\n', '=', '<', '>'};
      bytes[random.nextInt(bytes.length)] = pool[random.nextInt(pool.length)];
    }
    return bytes;
  }
}
