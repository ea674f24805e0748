package vigie.collector.receive.relp;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import vigie.base.fuzz.FuzzContract;
import vigie.base.net.EventLoops;
import vigie.base.net.Peer;
import vigie.base.relp.RelpLimits;
import vigie.base.time.ManualClock;
import vigie.collector.receive.ReceiveLimits;
import vigie.collector.receive.Receiving;

/**
 * Whatever a peer sends, it has the same answers however it is cut: one 200 for open, one for each
 * record and for close, in order; then serverclose and the end.
 */
class RelpSessionFuzzTest extends FuzzContract {
  private static final String OPEN = "1 open 31 relp_version=0\ncommands=syslog\n\n";
  private static final String OWN =
      "<30>1 2026-01-01T00:00:00Z p1 vigie 1 probe.down [vigie@32473 node=\"p1\" spool=\"s\""
          + " seq=\"7\" boot=\"b\" type=\"probe.down\"] x";

  private final ManualClock clock = new ManualClock();
  private final EventLoops loops = EventLoops.nio(1, "fuzz-relp");
  private final List<String> taken = new ArrayList<>();
  private final RelpReceiver receiver =
      new RelpReceiver(
          new Receiving(
              ReceiveLimits.DEFAULTS.with(limits()),
              (arrivals, whenDurable) -> {
                arrivals.forEach(arrival -> taken.add(arrival.event().toString()));
                whenDurable.run();
              },
              Runnable::run,
              loops,
              clock,
              clock,
              new SimpleMeterRegistry()),
          loops,
          "vigie,test,x",
          clock);

  /** Records are cut at 120 bytes and 300 may be declared. */
  private static RelpLimits limits() {
    RelpLimits d = RelpLimits.DEFAULTS;
    return new RelpLimits(
        120, 300, 80, 4, 8, 4096, 8192, 512, 10, 2, d.open(), d.partial(), d.quiet(), d.farewell());
  }

  @AfterEach
  void close() {
    loops.close();
  }

  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("\003" + OPEN + "2 syslog 4 <1>a\n3 syslog 6 <13>b\n\n4 close 0\n"),
        utf8("\011" + OPEN + "2 syslog " + OWN.length() + " " + OWN + "\n3 syslog 1 \n\n"),
        utf8("\001" + OPEN + "2 syslog 200 " + "y".repeat(200) + "\n3 syslog 0\n4 syslog 1 z\n"),
        utf8("\020" + OPEN + "2 syslog 1 a\n4 syslog 1 b\n"),
        utf8("\020" + OPEN + "2 open 0\n"),
        utf8("\0071 syslog 1 a\n"),
        utf8("\0071 open 14 commands=other\n"),
        utf8("\040" + OPEN + "2 syslog 301 a"));
  }

  @Override
  protected int rounds() {
    return 5_000;
  }

  /** The first byte says in pieces of which size the others come. */
  @Override
  protected void feed(byte[] bytes) {
    if (bytes.length < 2) {
      return;
    }
    String whole = answers(bytes, bytes.length);
    List<String> events = List.copyOf(taken);
    assertThat(answers(bytes, 1 + (bytes[0] & 0x3f))).isEqualTo(whole);
    assertThat(taken).isEqualTo(events);
    int next = 1;
    int good = 0;
    for (String line : whole.split("\n")) {
      if (line.startsWith(next + " rsp ")) {
        next++;
        good += line.endsWith(" 200 OK") ? 1 : 0;
      }
    }
    assertThat(good).as("one for open, and one for each taken").isGreaterThanOrEqualTo(min(events));
    assertThat(whole).doesNotContain("rsp 500", next + 1 + " rsp ");
  }

  private static int min(List<String> events) {
    return events.isEmpty() ? 0 : events.size() + 1;
  }

  private String answers(byte[] bytes, int piece) {
    taken.clear();
    StringBuilder out = new StringBuilder();
    EmbeddedChannel channel = new EmbeddedChannel();
    RelpSession session = new RelpSession(receiver, channel, new Peer("192.0.2.1", "", ""));
    channel.pipeline().addLast(session);
    for (int at = 1; at < bytes.length && channel.isOpen(); at += piece) {
      channel.writeInbound(Unpooled.copiedBuffer(bytes, at, Math.min(piece, bytes.length - at)));
      drain(channel, out);
    }
    boolean ended = !channel.isOpen();
    assertThat(out.toString().endsWith("0 serverclose 0\n"))
        .as("says so at its end")
        .isEqualTo(ended);
    channel.finishAndReleaseAll();
    assertThat(session.isClosed()).isTrue();
    return out.toString();
  }

  private static void drain(EmbeddedChannel channel, StringBuilder out) {
    for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
      out.append(part.toString(StandardCharsets.UTF_8));
      part.release();
    }
  }
}
