package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;

/** Servers that answer wrongly or not at all; a right one is in DnsIT. */
class DnsProbeTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final String NAME = "query_name: example.org\nquery_type: A\n";
  private final Tools tools = new Tools();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    threads.shutdownNow();
    tools.close();
  }

  @Test
  void givenAnswer_whenRun_thenUpWithItsFigures() throws IOException {
    ProbeResult result = run(udp(DnsProbeTest::answer), NAME, LONG);
    assertThat(Tools.words(result)).isEqualTo("up");
    assertThat(Tools.value(result, "probe_dns_answer_rrs")).isEqualTo(1);
    assertThat(Tools.value(result, "probe_dns_query_succeeded")).isEqualTo(1);
    assertThat(Tools.value(result, "probe_dns_duration_seconds", "request")).isPositive();
    assertThat(tools.steps).contains("got example.org. 60 IN A 192.0.2.1");
  }

  @Test
  void givenAnswer_whenOverTcpAndInTwoParts_thenUp() throws IOException {
    int port = tcp(DnsProbeTest::answer);
    assertThat(Tools.words(run(port, NAME + "transport_protocol: tcp", LONG))).isEqualTo("up");
  }

  @Test
  void givenNobody_whenRun_thenConnectionRefused() throws IOException {
    int port;
    try (DatagramSocket socket = new DatagramSocket(0, LOOPBACK)) {
      port = socket.getLocalPort();
    }
    ProbeResult result = run(port, NAME, LONG);
    assertThat(Tools.words(result)).isEqualTo("connection refused");
    assertThat(Tools.value(result, "probe_dns_query_succeeded")).isZero();
    assertThat(Tools.words(run(port, NAME + "transport_protocol: tcp", LONG)))
        .isEqualTo("connection refused");
  }

  @Test
  void givenSilence_whenTimeIsOver_thenDown() throws IOException {
    assertThat(Tools.words(run(udp(query -> null), NAME, SHORT))).isEqualTo("timeout after 200ms");
  }

  @Test
  void givenAnswerToAnotherQuestion_whenByUdp_thenItIsPassedOver() throws IOException {
    int port = udp(query -> changed(answer(query), 0));
    assertThat(Tools.words(run(port, NAME, SHORT))).isEqualTo("timeout after 200ms");
  }

  @Test
  void givenEcho_whenRun_thenDown() throws IOException {
    assertThat(Tools.words(run(udp(query -> query), NAME, LONG)))
        .isEqualTo("what came back is a question, not an answer");
  }

  @Test
  void givenGarbage_whenRun_thenDown() throws IOException {
    int port = udp(query -> new byte[] {query[0], query[1], (byte) 0x80, 0, 0, 1});
    assertThat(Tools.words(run(port, NAME, LONG)))
        .isEqualTo("the answer is no DNS message: the message ends within a record");
    int closing = tcp(query -> null);
    assertThat(Tools.words(run(closing, NAME + "transport_protocol: tcp", LONG)))
        .isEqualTo("the server closed the connection without an answer");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "validate_answer_rrs: {fail_if_matches_regexp: ['192[.]0[.]2[.]1$']}",
        "validate_answer_rrs: {fail_if_not_matches_regexp: ['198[.]51']}",
        "validate_answer_rrs: {fail_if_none_matches_regexp: ['198[.]51', 'zz']}",
        "validate_answer_rrs: {fail_if_all_match_regexp: ['198[.]51']}",
        "validate_authority_rrs: {fail_if_not_matches_regexp: ['.']}",
        "validate_additional_rrs: {fail_if_none_matches_regexp: ['.']}",
      })
  void givenAnswerThatWillNotDo_whenRun_thenDownAndSaysWhichRecord(String keys) throws IOException {
    ProbeResult result = run(udp(DnsProbeTest::answer), NAME + keys, LONG);
    assertThat(Tools.words(result)).startsWith("in the a").contains(" section ");
    assertThat(Tools.value(result, "probe_dns_query_succeeded")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "validate_answer_rrs: {fail_if_not_matches_regexp: ['^example.org.\\tx?60\\tIN\\tA\\t192']}",
        "validate_answer_rrs: {fail_if_all_match_regexp: ['192[.]0'], fail_if_matches_regexp: [z]}",
        "recursion_desired: false",
      })
  void givenAnswerThatWillDo_whenRun_thenUp(String keys) throws IOException {
    assertThat(Tools.words(run(udp(DnsProbeTest::answer), NAME + keys, LONG))).isEqualTo("up");
  }

  @Test
  void givenNxdomain_whenRun_thenDownUnlessItIsWanted() throws IOException {
    int port =
        udp(
            query -> {
              byte[] answer = answer(query);
              answer[3] = 3;
              return answer;
            });
    assertThat(Tools.words(run(port, NAME, LONG)))
        .isEqualTo("the server answered NXDOMAIN, wanted NOERROR");
    assertThat(Tools.words(run(port, NAME + "valid_rcodes: [NXDOMAIN, REFUSED]", LONG)))
        .isEqualTo("up");
  }

  @Test
  void givenWrongKeys_whenRead_thenEachIsAFault() {
    Faults faults = new Faults();
    Tools.read(
        DnsModule::read,
        "query_type: AAA\nquery_class: XX\ntransport_protocol: quic\nvalid_rcodes: [OK]\n"
            + "preferred_ip_protocol: ip5\nvalidate_answer_rrs: {fail_if_matches_regexp: ['(']}",
        faults);
    assertThat(faults.all()).hasSize(7);
    assertThat(faults.all().toString())
        .contains("query_name", "did you mean", "valid_rcodes \"OK\" is unknown");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":53", "127.0.0.1:0", "a b", "[::1]:x"})
  void givenWrongTarget_whenChecked_thenRefused(String target) {
    DnsModule module = Tools.read(DnsModule::read, NAME);
    assertThatThrownBy(() -> module.checkTarget(target))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private ProbeResult run(int port, String keys, Duration timeout) {
    return tools.run(Tools.read(DnsModule::read, keys), "127.0.0.1:" + port, timeout);
  }

  /** An answer with one A record, made of the query. */
  private static byte[] answer(byte[] query) {
    byte[] record = {(byte) 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, (byte) 192, 0, 2, 1};
    byte[] answer = new byte[query.length + record.length];
    System.arraycopy(query, 0, answer, 0, query.length);
    System.arraycopy(record, 0, answer, query.length, record.length);
    answer[2] = (byte) 0x84;
    answer[7] = 1;
    return answer;
  }

  private static byte[] changed(byte[] message, int at) {
    message[at] ^= 0x55;
    return message;
  }

  private int udp(UnaryOperator<byte[]> server) throws IOException {
    DatagramSocket socket = new DatagramSocket(0, LOOPBACK);
    open.add(socket);
    threads.execute(
        () -> {
          byte[] buffer = new byte[512];
          try {
            while (true) {
              DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
              socket.receive(packet);
              byte[] answer = server.apply(java.util.Arrays.copyOf(buffer, packet.getLength()));
              if (answer != null) {
                socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
              }
            }
          } catch (IOException closed) {
            // The test is over.
          }
        });
    return socket.getLocalPort();
  }

  private int tcp(UnaryOperator<byte[]> server) throws IOException {
    ServerSocket socket = new ServerSocket(0, 5, LOOPBACK);
    open.add(socket);
    threads.execute(
        () -> {
          try (Socket peer = socket.accept()) {
            DataInputStream in = new DataInputStream(peer.getInputStream());
            byte[] query = in.readNBytes(in.readUnsignedShort());
            byte[] answer = server.apply(query);
            if (answer != null) {
              peer.getOutputStream().write(answer.length >>> 8);
              peer.getOutputStream().flush();
              peer.getOutputStream().write(answer.length);
              peer.getOutputStream().write(answer);
              in.read();
            }
          } catch (IOException closed) {
            // The test is over.
          }
        });
    return socket.getLocalPort();
  }
}
