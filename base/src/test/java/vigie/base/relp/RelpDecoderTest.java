package vigie.base.relp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RelpDecoderTest {
  /** Records are cut at 10 bytes, 100 may be declared, open may have 20. */
  private static final RelpLimits SMALL =
      new RelpLimits(
          10,
          100,
          20,
          2,
          4,
          100,
          100,
          100,
          10,
          2,
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofHours(1),
          Duration.ofSeconds(1));

  private static final String SESSION =
      "1 open 13 commands=none\n2 syslog 3 a\nb\n000000003 syslog 0\n999999999 syslog 15 "
          + "0123456789abcde\n0 serverclose 0\n5 close 0\n6 rsp 6 200 OK\n7 Unknown 1 \n\n";

  private static final List<String> FRAMES =
      List.of(
          "1 open [commands=none] 13",
          "2 syslog [a\nb] 3",
          "3 syslog [] 0",
          "999999999 syslog [0123456789] 15",
          "0 serverclose [] 0",
          "5 close [] 0",
          "6 rsp [200 OK] 6",
          "7 Unknown [\n] 1");

  private final EmbeddedChannel channel = new EmbeddedChannel(new RelpDecoder(SMALL));

  private void feed(byte[] bytes) {
    channel.writeInbound(Unpooled.copiedBuffer(bytes));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static List<String> frames(EmbeddedChannel channel) {
    List<String> out = new ArrayList<>();
    for (RelpFrame frame = channel.readInbound(); frame != null; frame = channel.readInbound()) {
      out.add(
          frame.txnr()
              + " "
              + frame.command()
              + " ["
              + new String(frame.data(), StandardCharsets.ISO_8859_1)
              + "] "
              + frame.length());
    }
    return out;
  }

  @Test
  void givenSession_whenSplitAtEveryOffset_thenTheSameFrames() {
    byte[] all = bytes(SESSION);
    for (int split = 0; split <= all.length; split++) {
      EmbeddedChannel split2 = new EmbeddedChannel(new RelpDecoder(SMALL));
      split2.writeInbound(Unpooled.copiedBuffer(all, 0, split));
      split2.writeInbound(Unpooled.copiedBuffer(all, split, all.length - split));
      assertThat(frames(split2)).as("split at %d", split).isEqualTo(FRAMES);
    }
  }

  @Test
  void givenSession_whenItComesByteByByte_thenTheSameFrames() {
    for (byte b : bytes(SESSION)) {
      feed(new byte[] {b});
    }
    assertThat(frames(channel)).isEqualTo(FRAMES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1", "1 ", "1 op", "1 open", "1 open ", "1 open 3", "1 open 3 ab", "1 open 3 abc"})
  void givenPartOfAFrame_whenFed_thenNothingComesOut(String part) {
    feed(bytes(part));

    assertThat(frames(channel)).isEmpty();
    assertThat(channel.finish()).isFalse();
  }

  @Test
  void givenFramer_whenDataIsTaken_thenItIsWithinAFrameNoMore() {
    RelpFramer framer = new RelpFramer(SMALL);
    ByteBuf in = Unpooled.buffer().writeBytes(bytes("1 syslog 3 ab"));

    assertThat(framer.next(in)).isFalse();
    assertThat(framer.isWithin()).isTrue();
    assertThat(framer.next(in.writeBytes(bytes("c\n2 ")))).isTrue();
    assertThat(framer.data(in)).isEqualTo(bytes("abc"));
    assertThat(framer.isWithin()).isFalse();
    assertThat(framer.next(in)).isFalse();
    assertThat(in.readableBytes()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'GET / HTTP/1.1' | header",
        "' 1 open 0' | header",
        "'1  open 0' | header",
        "'1 open  0' | header",
        "'1 open 0 ' | header",
        "'1 open 3\n' | header",
        "'1 open x' | header",
        "'1 op3n 0' | header",
        "'1 open-it 0' | header",
        "'-1 open 0' | header",
        "'1234567890' | header",
        "'1 open 1234567890' | header",
        "'1 abcdefghijklmnopqrstuvwxyzabcdefg' | header",
        "'1 syslog 101 ' | length",
        "'1 syslog 999999999 ' | length",
        "'1 syslog 3 abcd' | trailer",
        "'1 syslog 3 abc\r\n' | trailer",
        "'1 syslog 15 0123456789abcdef' | trailer",
        "'1 syslog 0\r\n' | header",
      })
  void givenBadInput_whenFedWholeOrByteByByte_thenOneFaultAndNothingAfterIt(
      String input, String reason) {
    byte[] bad = bytes("1 syslog 1 x\n" + input);
    EmbeddedChannel slow = new EmbeddedChannel(new RelpDecoder(SMALL));

    assertThatThrownBy(() -> feed(bad))
        .isInstanceOfSatisfying(
            RelpFault.class, fault -> assertThat(fault.reason()).isEqualTo(reason));
    assertThatThrownBy(
            () -> {
              for (byte b : bad) {
                slow.writeInbound(Unpooled.copiedBuffer(new byte[] {b}));
              }
            })
        .isInstanceOf(RelpFault.class);
    feed(bytes("2 syslog 1 y\n"));

    assertThat(frames(channel)).isEqualTo(List.of("1 syslog [x] 1"));
    assertThat(frames(slow)).isEqualTo(List.of("1 syslog [x] 1"));
  }

  @Test
  void givenLongOpen_whenDecoded_thenKeptUpToItsOwnLimitAndFlagged() {
    feed(bytes("1 open 25 " + "o".repeat(25) + "\n"));

    RelpFrame open = channel.readInbound();
    assertThat(open.isCut()).isTrue();
    assertThat(open.data()).hasSize(20);
  }

  @Test
  void givenNoise_whenFed_thenFaultsAreTheOnlyThingThrown() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] good = bytes(SESSION);
    for (int i = 0; i < 20_000; i++) {
      byte[] noise = Arrays.copyOf(good, random.nextInt(good.length));
      for (int n = random.nextInt(4); n > 0 && noise.length > 0; n--) {
        noise[random.nextInt(noise.length)] = (byte) random.nextInt(256);
      }
      EmbeddedChannel one = new EmbeddedChannel(new RelpDecoder(SMALL));
      try {
        one.writeInbound(Unpooled.copiedBuffer(noise));
      } catch (RelpFault expected) {
        assertThat(expected.getMessage()).isNotEmpty();
      } catch (RuntimeException other) {
        throw new AssertionError("seed " + seed + ": " + Arrays.toString(noise), other);
      }
    }
  }
}
