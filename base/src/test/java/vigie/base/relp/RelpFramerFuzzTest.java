package vigie.base.relp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import vigie.base.fuzz.FuzzContract;

/** Any stream gives the same frames however it is cut, holds little, and throws its fault only. */
class RelpFramerFuzzTest extends FuzzContract {
  private static final int MOST = 40;
  private static final RelpLimits SMALL =
      new RelpLimits(
          MOST,
          200,
          MOST,
          4,
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

  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("\0011 open 31 relp_version=0\ncommands=syslog\n\n"),
        utf8("\0002 syslog 3 a\nb\n000000003 syslog 0\n999999999 syslog 1 x\n"),
        utf8("\0031 syslog 60 " + "y".repeat(60) + "\n2 close 0\n"),
        utf8(
            "\0020 serverclose 0\n6 rsp 6 200 OK\n7 rsp 0\n8 rsp 24 500 no\nrelp_version=0\na=b\n"),
        utf8("\0041 syslog 4294967296 x\n"),
        utf8("\0051 syslog 201 x\n"),
        utf8("\0061 syslog 3 abcd"),
        utf8("\007GET / HTTP/1.1\r\n\r\n"));
  }

  /** The first byte says in pieces of which size the others come. */
  @Override
  protected void feed(byte[] bytes) {
    if (bytes.length < 2) {
      return;
    }
    List<RelpFrame> frames = new ArrayList<>();
    List<String> whole = frames(bytes, 1, bytes.length, frames);
    assertThat(frames(bytes, 1, 1 + (bytes[0] & 0x3f), new ArrayList<>())).isEqualTo(whole);
    frames.forEach(RelpFramerFuzzTest::understand);
    if (frames.stream().noneMatch(RelpFrame::isCut)) {
      byte[] written = written(frames);
      assertThat(frames(written, 0, written.length, new ArrayList<>()))
          .isEqualTo(whole.subList(0, frames.size()));
    }
  }

  private static List<String> frames(byte[] bytes, int from, int piece, List<RelpFrame> out) {
    List<String> seen = new ArrayList<>();
    RelpFramer framer = new RelpFramer(SMALL);
    ByteBuf in = Unpooled.buffer();
    try {
      for (int at = from; at < bytes.length; at += piece) {
        in.writeBytes(bytes, at, Math.min(piece, bytes.length - at));
        while (framer.next(in)) {
          RelpFrame frame =
              new RelpFrame(framer.txnr(), framer.command(), framer.data(in), framer.length());
          out.add(frame);
          seen.add(
              frame.txnr()
                  + frame.command()
                  + frame.length()
                  + new String(frame.data(), StandardCharsets.ISO_8859_1));
        }
        assertThat(in.readableBytes() + framer.heldBytes()).isLessThanOrEqualTo(MOST + 64);
      }
    } catch (RelpFault fault) {
      seen.add("fault " + fault.reason());
    }
    return seen;
  }

  /** What either end does with the DATA. */
  private static void understand(RelpFrame frame) {
    assertThat(frame.data().length).isEqualTo(Math.min(frame.length(), MOST));
    try {
      RelpResponse response = RelpResponse.parse(frame.data());
      assertThat(response.code()).isBetween(0, 999);
      RelpOffers offers = RelpOffers.parse(frame.data(), response.end(), 4);
      assertThat(RelpOffers.parse(offers.print().getBytes(StandardCharsets.UTF_8), 0, 4))
          .isEqualTo(offers);
    } catch (RelpFault declared) {
      assertThat(declared.getMessage()).isNotEmpty();
    }
  }

  private static byte[] written(List<RelpFrame> frames) {
    ByteBuf out = Unpooled.buffer();
    for (RelpFrame frame : frames) {
      new RelpEncoder().frame(out, frame.txnr(), frame.command(), frame.data());
    }
    return Arrays.copyOf(out.array(), out.readableBytes());
  }
}
