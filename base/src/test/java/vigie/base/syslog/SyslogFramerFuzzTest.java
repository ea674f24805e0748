package vigie.base.syslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import vigie.base.fuzz.FuzzContract;

/** Any stream gives the same records however it is cut, holds little, and throws its fault only. */
class SyslogFramerFuzzTest extends FuzzContract {
  private static final int RECORD = 40;
  private static final int DECLARED = 1000;

  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("\0<1>a\n<2>b\n"),
        utf8("\1004 <1>a4 <2>b"),
        utf8("\0024 <1>a\n\r\n4 <2>b\n3 abc"),
        utf8("\00312 days later it broke\n4 <1>a\n"),
        utf8("\004" + "<1>" + "long ".repeat(20) + "\nnext\n"),
        utf8("\00560 <1>" + "x".repeat(57) + "4 <1>a"),
        utf8("\0061001 <1>"),
        utf8("\0071234567 \0\0\n"),
        utf8("\0004 <1>a04 <1>a"));
  }

  /** The first byte says in pieces of which size the others come. */
  @Override
  protected void feed(byte[] bytes) {
    if (bytes.length > 1) {
      assertThat(records(bytes, 1 + (bytes[0] & 0x3f))).isEqualTo(records(bytes, bytes.length));
    }
  }

  private static List<String> records(byte[] bytes, int piece) {
    List<String> records = new ArrayList<>();
    SyslogFramer framer = new SyslogFramer(RECORD, DECLARED);
    ByteBuf in = Unpooled.buffer();
    try {
      for (int at = 1; at < bytes.length; at += piece) {
        in.discardReadBytes().writeBytes(bytes, at, Math.min(piece, bytes.length - at));
        take(framer, in, false, records);
        assertThat(in.readableBytes()).isLessThanOrEqualTo(RECORD + 9);
      }
      take(framer, in, true, records);
      assertThat(in.readableBytes()).isLessThanOrEqualTo(framer.isCounted() ? RECORD + 9 : 0);
    } catch (SyslogFault fault) {
      records.add("fault " + fault.reason());
    }
    return records;
  }

  private static void take(SyslogFramer framer, ByteBuf in, boolean ended, List<String> records) {
    for (byte[] record = framer.next(in, ended); record != null; record = framer.next(in, ended)) {
      assertThat(record.length).isLessThanOrEqualTo(RECORD);
      records.add(new String(record, StandardCharsets.ISO_8859_1) + framer.wasCut());
    }
  }
}
