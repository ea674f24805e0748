package vigie.base.syslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyslogFramerTest {
  private static final int RECORD = 20;
  private static final int DECLARED = 1000;

  private final SyslogFrames frames = new SyslogFrames();
  private final List<String> records = new ArrayList<>();
  private String fault = "";

  /** Feeds the stream in pieces of so many bytes, then ends it. */
  private List<String> cut(byte[] stream, int piece) {
    records.clear();
    fault = "";
    SyslogFramer framer = new SyslogFramer(RECORD, DECLARED);
    ByteBuf in = Unpooled.buffer();
    try {
      for (int at = 0; at < stream.length; at += piece) {
        in.discardReadBytes().writeBytes(stream, at, Math.min(piece, stream.length - at));
        take(framer, in, false);
        assertThat(in.readableBytes()).as("what waits is bounded").isLessThanOrEqualTo(RECORD + 9);
      }
      take(framer, in, true);
    } catch (SyslogFault broken) {
      fault = broken.reason();
    }
    return records;
  }

  private void take(SyslogFramer framer, ByteBuf in, boolean ended) {
    frames.clear();
    try {
      for (int count = 0; framer.next(in, ended, frames); count = frames.count()) {
        assertThat(frames.count() > count && frames.isCut(count)).isEqualTo(framer.wasCut());
      }
    } finally {
      for (int i = 0; i < frames.count(); i++) {
        int length = frames.end(i) - frames.start(i);
        records.add(
            new String(frames.bytes(), frames.start(i), length, StandardCharsets.ISO_8859_1)
                + (frames.isCut(i) ? "(cut)" : ""));
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.replace("/", "\n").getBytes(StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "<1>a/<2>b/ | <1>a,<2>b |",
        "<1>a/<2>b | <1>a,<2>b |",
        "4 <1>a4 <2>b | <1>a,<2>b |",
        "4 <1>a//4 <2>b/ | <1>a,<2>b |",
        "4 <1>a3 abc | <1>a,abc |",
        "4 <1>a9 <2>b | <1>a |",
        "12 days later/4 <1>a/ | 12 days later,4 <1>a |",
        "12/ | 12 |",
        "12 | 12 |",
        "'12 ' | '12 ' |",
        "04 <1>a/ | 04 <1>a |",
        "99999999 <1>a/ | 99999999 <1>a |",
        "9999999 <1>a/ | '' | length",
        "1001 <1>a/ | '' | length",
        "4 <1>a12345678 | <1>a | length",
        "4 <1>ax4 <2>b | <1>a | count",
        "4 <1>a04 <2>b | <1>a | count",
        "4 <1>a04567 <2>b | <1>a | count",
        "4 <1>a04567890 | <1>a | count",
        "4 <1>a4<2>bc | <1>a | count",
        "12345678901234567890/b/ | 12345678901234567890,b |",
        "123456789012345678901/b/ | 12345678901234567890(cut),b |",
        "abcdefghijklmnopqrstuvwxyz | abcdefghijklmnopqrst(cut) |",
        "20 <1>45678901234567890/2 ok | <1>45678901234567890,ok |",
        "25 <1>4567890123456789012345/2 ok | <1>45678901234567890(cut),ok |",
        "26 <1>45678901234567890123/2 | '' |",
      })
  void givenStream_whenCutAtEveryOffset_thenTheSameRecords(
      String stream, String want, String broken) {
    byte[] bytes = bytes(stream);
    for (int piece = 1; piece <= bytes.length; piece++) {
      assertThat(cut(bytes, piece).stream().filter(r -> !r.isEmpty()).map(String::strip))
          .as("pieces of " + piece)
          .containsExactly(want.isEmpty() ? new String[0] : want.strip().split(",", -1));
      assertThat(fault).isEqualTo(broken == null ? "" : broken);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "1234567", "1234567 "})
  void givenBytesThatMayBecomeEither_whenShown_thenNothingIsDecided(String start) {
    SyslogFramer framer = new SyslogFramer(RECORD, DECLARED);

    assertThat(framer.next(Unpooled.wrappedBuffer(bytes(start)), false)).isNull();

    assertThat(framer.isCounted()).isFalse();
  }

  @Test
  void givenNulAndCr_whenLines_thenTheyAreKeptForTheParser() {
    assertThat(cut(bytes("a\0b\r/c/"), 3)).containsExactly("a\0b\r", "c");
  }

  @Test
  void givenRandomBytes_whenCut_thenNothingIsLostOrThrown() {
    Random random = new Random(5);
    for (int round = 0; round < 2000; round++) {
      byte[] stream = new byte[random.nextInt(300)];
      for (int i = 0; i < stream.length; i++) {
        // Mostly what means something here.
        stream[i] =
            (byte)
                (random.nextInt(4) == 0
                    ? random.nextInt(256)
                    : "0129 <>\n\r\0".charAt(random.nextInt(10)));
      }
      List<String> whole = new ArrayList<>(cut(stream, Math.max(1, stream.length)));
      String wholeFault = fault;
      assertThat(cut(stream, 1 + random.nextInt(9))).isEqualTo(whole);
      assertThat(fault).isEqualTo(wholeFault);
    }
  }

  @Test
  void givenHugeCount_whenShown_thenRefusedBeforeAByteIsKept() {
    SyslogFramer framer = new SyslogFramer(64 * 1024, 1024 * 1024);

    assertThatThrownBy(() -> framer.next(Unpooled.wrappedBuffer(bytes("4294967 <1>")), false))
        .isInstanceOf(SyslogFault.class)
        .hasMessageContaining("1048576");
  }
}
