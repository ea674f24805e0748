package vigie.base.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.dns.DnsMessage.FormatException;

class DnsMessageTest {
  /** Answer to a question for example.org: an A and a MX record whose names are pointers. */
  private static final String ANSWER =
      "1234 8580 0001 0002 0000 0000 07 6578616d706c65 03 6f7267 00 00ff 0001"
          + " c00c 0001 0001 0000012c 0004 c0000201"
          + " c00c 000f 0001 0000012c 0009 000a 04 6d61696c c00c";

  @Test
  void givenAnswer_whenParsed_thenItsRecordsAsText() throws FormatException {
    DnsMessage message = DnsMessage.parse(bytes(ANSWER));
    assertThat(message.id()).isEqualTo(0x1234);
    assertThat(message.isResponse()).isTrue();
    assertThat(message.isTruncated()).isFalse();
    assertThat(message.answers())
        .extracting(DnsRecord::toString)
        .containsExactly(
            "example.org.\t300\tIN\tA\t192.0.2.1",
            "example.org.\t300\tIN\tMX\t10 mail.example.org.");
  }

  @Test
  void givenFewerRecordsThanAnnounced_whenItEndsBehindOne_thenThoseThatAreThere()
      throws FormatException {
    byte[] cut = Arrays.copyOf(bytes(ANSWER), 29 + 16);
    assertThat(DnsMessage.parse(cut).answers()).hasSize(1);
  }

  @Test
  void givenEveryCut_whenParsed_thenRecordsOrAFormatException() {
    byte[] whole = bytes(ANSWER);
    for (int length = 0; length < whole.length; length++) {
      tryToParse(Arrays.copyOf(whole, length));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // a name that points at itself, and two that point at one another
        "0000 8000 0001 0000 0000 0000 c00c 0001 0001",
        "0000 8000 0001 0000 0000 0000 c00e c00c 0001 0001",
        // a label of 64 bytes, a pointer outside, a name without an end
        "0000 8000 0001 0000 0000 0000 40 00 0001 0001",
        "0000 8000 0001 0000 0000 0000 ffff 0001 0001",
        "0000 8000 0001 0000 0000 0000 03 616263",
        // data that is longer than the message
        "0000 8000 0000 0001 0000 0000 00 0001 0001 00000000 ffff 00",
        "",
        "0000",
      })
  void givenGarbage_whenParsed_thenFormatException(String hex) {
    assertThatThrownBy(() -> DnsMessage.parse(bytes(hex))).isInstanceOf(FormatException.class);
  }

  @Test
  void givenDamagedMessages_whenParsed_thenRecordsOrAFormatExceptionAndSoon() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] whole = bytes(ANSWER);
    int[] types = {
      1, 2, 5, 6, 13, 15, 16, 28, 33, 35, 43, 46, 47, 48, 50, 51, 52, 64, 65, 256, 257
    };
    for (int i = 0; i < 50_000; i++) {
      byte[] damaged = Arrays.copyOf(whole, whole.length + random.nextInt(40));
      for (int changes = random.nextInt(8); changes >= 0; changes--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      damaged[32] = (byte) types[random.nextInt(types.length)];
      damaged[38 + 1] = (byte) random.nextInt(40);
      try {
        tryToParse(damaged);
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError("seed " + seed + ": " + HexFormat.of().formatHex(damaged), e);
      }
    }
  }

  @Test
  void givenLongestMessageOfPointers_whenParsed_thenSoon() {
    byte[] message = new byte[65_535];
    for (int i = 12; i + 1 < message.length; i += 2) {
      message[i] = (byte) 0xC0;
      message[i + 1] = 12;
    }
    message[4] = (byte) 0xFF;
    message[6] = (byte) 0xFF;
    tryToParse(message);
  }

  @ParameterizedTest
  @CsvSource({
    "example.org, 076578616d706c65036f726700",
    "example.org., 076578616d706c65036f726700",
    "., 00",
    "a\\.b.c, 03612e62016300",
    "\\065\\000, 02410000",
  })
  void givenName_whenWritten_thenItsLabels(String name, String hex) {
    assertThat(DnsMessage.name(name)).isEqualTo(bytes(hex));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a..b", ".a", "é.example"})
  void givenWrongName_whenWritten_thenRefused(String name) {
    assertThatThrownBy(() -> DnsMessage.name(name)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> DnsMessage.name("a".repeat(64)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> DnsMessage.name("abc.".repeat(64)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "00000000000000000000000000000001, ::1",
    "00000000000000000000000000000000, ::",
    "20010db8000000000001000000000001, 2001:db8::1:0:0:1",
    "20010db8000000010001000100010001, 2001:db8:0:1:1:1:1:1",
    "00000000000000000000ffffc0000201, ::ffff:192.0.2.1",
    "20010000000000000000000000000000, 2001::",
  })
  void givenIp6Address_whenWritten_thenAsRfc5952(String hex, String text) {
    assertThat(Ip6Text.of(bytes(hex))).isEqualTo(text);
  }

  private static void tryToParse(byte[] message) {
    try {
      DnsMessage parsed = DnsMessage.parse(message);
      parsed.answers().forEach(record -> assertThat(record.toString()).isNotNull());
    } catch (FormatException expected) {
      assertThat(expected).hasMessageMatching("[a-z ]+");
    }
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }
}
