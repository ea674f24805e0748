package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.probe.PingLine.Kind;

/** Lines as iputils of Debian 12 and busybox 1.35 print them. */
class PingLineTest {
  @ParameterizedTest
  @CsvSource({
    "64 bytes from 127.0.0.1: icmp_seq=3 ttl=64 time=0.253 ms, 3, 64, 0.253",
    "36 bytes from ::1: icmp_seq=12 ttl=255 time=1204 ms, 12, 255, 1204",
    "64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.034 ms, 0, 64, 0.034",
    "9 bytes from 10.0.0.1: icmp_seq=1 ttl=63, 1, 63, NaN",
    "36 bytes from 10.0.0.1: icmp_seq=70000 ttl=63 time=2 ms, 70000, 63, 2",
  })
  void givenReply_whenParsed_thenItsNumbers(String line, int seq, int ttl, double millis) {
    assertThat(PingLine.parse(line)).isEqualTo(new PingLine(Kind.REPLY, seq, ttl, millis, ""));
  }

  @ParameterizedTest
  @CsvSource({
    "From 10.0.0.9 icmp_seq=4 Destination Host Unreachable, 4,"
        + " destination host unreachable (says 10.0.0.9)",
    "From fe80::1%eth0 icmp_seq=4 Time exceeded: Hop limit, 4,"
        + " time exceeded: Hop limit (says fe80::1%eth0)",
    "ping: sendmsg: Network is unreachable, -1, sendmsg: Network is unreachable",
    "/usr/bin/ping: connect: Network is unreachable, -1, connect: Network is unreachable",
    "'ping: local error: message too long, mtu=1500', -1, 'local error: message too long, mtu=1500'",
  })
  void givenError_whenParsed_thenItsWords(String line, int seq, String text) {
    PingLine parsed = PingLine.parse(line);
    assertThat(parsed.kind()).isEqualTo(Kind.ERROR);
    assertThat(parsed.seq()).isEqualTo(seq);
    assertThat(parsed.text()).isEqualToIgnoringCase(text);
  }

  @ParameterizedTest
  @CsvSource({
    "no answer yet for icmp_seq=7, NO_ANSWER",
    "PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data., OTHER",
    "64 bytes from 127.0.0.1: icmp_seq=3 ttl=64 time=0.253 ms (DUP!), OTHER",
    "--- 127.0.0.1 ping statistics ---, OTHER",
    "'', OTHER",
    "From, OTHER",
    "From , OTHER",
    "From 10.0.0.1, OTHER",
    "'From  icmp_seq=1 x', ERROR",
    " bytes from seq=, OTHER",
    "x bytes from seq=..., REPLY",
  })
  void givenOtherLine_whenParsed_thenItsKind(String line, Kind kind) {
    assertThat(PingLine.parse(line).kind()).isEqualTo(kind);
  }

  @Test
  void givenDamagedLines_whenParsed_thenNoError() {
    String[] lines = {
      "64 bytes from 127.0.0.1: icmp_seq=3 ttl=64 time=0.253 ms",
      "From 10.0.0.9 icmp_seq=4 Destination Host Unreachable",
      "ping: sendmsg: Network is unreachable",
      "no answer yet for icmp_seq=7",
    };
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder line = new StringBuilder(lines[random.nextInt(lines.length)]);
      for (int cuts = random.nextInt(4); cuts > 0 && !line.isEmpty(); cuts--) {
        int from = random.nextInt(line.length());
        line.delete(from, Math.min(line.length(), from + random.nextInt(6)));
      }
      assertThat(PingLine.parse(line.toString())).as("seed %s: %s", seed, line).isNotNull();
    }
  }
}
