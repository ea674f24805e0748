package vigie.agent.probe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.net.Ports;

/** A probe against real sockets; the timeout alone is told by a manual clock. */
class TcpProbeTest {
  private static final Module CONNECT = TcpModule.CONNECT;
  private final ProbeHarness probes = new ProbeHarness();

  @AfterEach
  void close() throws Exception {
    probes.close();
  }

  private static Module tcp(String yaml) {
    return ProbeHarness.module("tcp", yaml);
  }

  @Test
  void givenListener_whenRun_thenUpAndMeasuredAsBlackboxExporterDoes() throws IOException {
    probes.run(CONNECT, ProbeHarness.target(probes.listener(50)));
    probes.up();
    assertThat(probes.value("probe_ip_protocol")).isEqualTo(4);
    assertThat(probes.value("probe_ip_addr_hash")).isEqualTo(3668918509.0);
    assertThat(probes.value("probe_failed_due_to_regex")).isZero();
    assertThat(probes.value("probe_failed_due_to_bytes")).isZero();
    assertThat(probes.value("probe_dns_lookup_time_seconds")).isZero();
    assertThat(probes.result().samples()).hasSize(5);
  }

  @Test
  void givenNothingListening_whenRun_thenConnectionRefused() throws IOException {
    probes.run(CONNECT, "127.0.0.1:" + Ports.refusing());
    assertThat(probes.reason()).isEqualTo("connection refused");
    assertThat(probes.value("probe_ip_protocol")).isEqualTo(4);
    assertThat(probes.result().samples()).hasSize(3);
  }

  @Test
  void givenNameThatDoesNotResolve_whenRun_thenSaysSo() {
    probes.run(CONNECT, "no-such-host.invalid:1");
    assertThat(probes.reason()).isEqualTo("name does not resolve: no-such-host.invalid");
    assertThat(probes.value("probe_ip_protocol")).isZero();
  }

  @Test
  void givenLocalhost_whenOnlyOneOfItsAddressesListens_thenUp() throws IOException {
    probes.run(CONNECT, "localhost:" + probes.listener(50).getLocalPort());
    probes.up();
  }

  @Test
  void givenNameWithSeveralAddresses_whenTheFirstDoesNotAnswer_thenTheNextHasItsShareOfTime()
      throws IOException {
    ServerSocket blackHole = probes.blackHole();
    listen("127.0.0.2", blackHole.getLocalPort());
    probes.names = host -> addresses("127.0.0.1", "127.0.0.2");
    probes.run(CONNECT, named(blackHole.getLocalPort()), "connecting to 127.0.0.1:");
    probes.clock.advance(Duration.ofMillis(999));
    assertThat(probes.results).isEmpty();
    probes.clock.advance(Duration.ofMillis(1));
    probes.up();
  }

  @Test
  void givenNameWithSeveralAddresses_whenEachFailsInItsWay_thenBothReasonsAreTold()
      throws IOException {
    probes.names = host -> addresses("127.0.0.1", "255.255.255.255");
    probes.run(CONNECT, named(free()));
    assertThat(probes.reason()).startsWith("connection refused, ");
  }

  @Test
  void givenDialogueAndSeveralAddresses_whenTheFirstRefuses_thenHeldWithTheNext()
      throws IOException {
    String target =
        probes.serve(peer -> peer.getOutputStream().write("220 hello\n".getBytes(UTF_8)));
    probes.names = host -> addresses("127.0.0.2", "127.0.0.1");
    probes.run(
        tcp("{query_response: [{expect: '^220'}]}"), "two.test:" + ProbeHarness.port(target));
    probes.up();
  }

  @Test
  void givenPreferredProtocol_whenNameHasSeveralAddresses_thenTheFirstOfItIsTheOnly()
      throws IOException {
    ServerSocket server = probes.listener(50);
    probes.names = host -> addresses("::2", "127.0.0.3", "127.0.0.1");
    probes.run(tcp("{preferred_ip_protocol: ip4}"), named(server.getLocalPort()));
    assertThat(probes.reason()).isEqualTo("connection refused");
    assertThat(probes.steps).contains("connecting to 127.0.0.3:" + server.getLocalPort());
    assertThat(probes.steps).noneMatch(step -> step.contains("127.0.0.1:"));
  }

  @Test
  void givenOnlyTheOtherProtocol_whenFallbackIsOff_thenSaysSo() throws IOException {
    probes.names = host -> addresses("127.0.0.1");
    probes.run(tcp("{preferred_ip_protocol: ip6, ip_protocol_fallback: false}"), named(free()));
    assertThat(probes.reason()).isEqualTo("service.example has no IPv6 address");
  }

  @Test
  void givenOnlyTheOtherProtocol_whenFallbackIsOn_thenItIsUsed() throws IOException {
    probes.names = host -> addresses("127.0.0.1");
    probes.run(tcp("{preferred_ip_protocol: ip6}"), named(probes.listener(50).getLocalPort()));
    probes.up();
  }

  @Test
  void givenSourceAddress_whenRun_thenThePeerSeesIt() throws IOException {
    String target =
        probes.serve(socket -> write(socket, socket.getInetAddress().getHostAddress() + "\n"));
    probes.run(tcp("{source_ip_address: 127.0.0.9, expect: ^127.0.0.9}"), target);
    probes.up();
  }

  private void listen(String address, int port) throws IOException {
    probes.open.add(new ServerSocket(port, 50, InetAddress.getByName(address)));
  }

  private static String named(int port) {
    return "service.example:" + port;
  }

  private static int free() throws IOException {
    return Ports.refusing();
  }

  private static InetAddress[] addresses(String... all) throws UnknownHostException {
    InetAddress[] found = new InetAddress[all.length];
    for (int i = 0; i < all.length; i++) {
      found[i] = InetAddress.getByName(all[i]);
    }
    return found;
  }

  @Test
  void givenBlackHole_whenTimeoutIsOver_thenDownWithIt() throws IOException {
    probes.run(CONNECT, ProbeHarness.target(probes.blackHole()), "connecting");
    probes.clock.advance(Duration.ofMillis(1999));
    assertThat(probes.results).isEmpty();
    probes.clock.advance(Duration.ofMillis(1));
    assertThat(probes.reason()).isEqualTo("timeout after 2s");
  }

  @Test
  void givenFullBacklog_whenThereIsRoomAgain_thenUp() throws IOException {
    ServerSocket server = probes.blackHole();
    probes.run(CONNECT, ProbeHarness.target(server), "connecting");
    assertThat(probes.results).isEmpty();
    probes.open.add(server.accept());
    probes.open.add(server.accept());
    probes.up(); // As the kernel asks again, after a second.
  }

  @Test
  void givenConnectionAlone_whenUp_thenThePeerSeesItsSourceAndItsEnd() throws IOException {
    ServerSocket server = probes.listener(50);
    probes.run(tcp("{source_ip_address: 127.0.0.9}"), ProbeHarness.target(server));
    try (Socket peer = server.accept()) {
      assertThat(peer.getInetAddress().getHostAddress()).isEqualTo("127.0.0.9");
      assertThat(peer.getInputStream().read()).isEqualTo(-1);
    }
    probes.up();
  }

  @Test
  void givenExpectedAnswer_whenSent_thenUp() throws IOException {
    probes.run(tcp("{send: \"1+2\\n\", expect: \"^3$|^3\\n\"}"), answering("3\n", false));
    probes.up();
  }

  @Test
  void givenWrongBanner_whenPeerCloses_thenBothAreQuoted() throws IOException {
    probes.run(tcp("{expect: \"^220 \"}"), answering("421 busy\r\n", true));
    assertThat(probes.reason()).isEqualTo("expected \"^220 \" got \"421 busy\\r\\n\"");
    assertThat(probes.value("probe_failed_due_to_regex")).isEqualTo(1);
  }

  @Test
  void givenWrongBanner_whenPeerStays_thenBothAreQuotedAtTheTimeout() throws IOException {
    String target = answering("ERR\u0007\n", false);
    probes.run(tcp("{send: \"PING\\n\", expect: PONG}"), target, "got \"ERR");
    probes.clock.advance(Duration.ofSeconds(2));
    assertThat(probes.reason()).isEqualTo("expected \"PONG\" got \"ERR\\x07\\n\"");
  }

  @Test
  void givenSilentPeer_whenTimeoutIsOver_thenGotNothing() throws IOException {
    String target = ProbeHarness.target(probes.listener(50));
    probes.run(tcp("{expect: \"^220 \"}"), target, "connected");
    probes.clock.advance(Duration.ofSeconds(2));
    assertThat(probes.reason()).isEqualTo("expected \"^220 \" got nothing, timeout after 2s");
  }

  @Test
  void givenPeerThatClosesAtOnce_whenAnswerIsExpected_thenSaysSo() throws IOException {
    probes.run(tcp("{expect: x}"), answering("", true));
    assertThat(probes.reason())
        .isEqualTo("expected \"x\" got nothing, the peer closed the connection");
  }

  @Test
  void givenEndlessAnswer_whenFourKibibytesCame_thenDownAndShort() throws IOException {
    probes.run(tcp("{expect: z}"), answering("y\n".repeat(100_000), false));
    assertThat(probes.reason()).endsWith("…\" in the first 4096 bytes").hasSizeLessThan(200);
  }

  @Test
  void givenSteps_whenRun_thenEachIsTold() throws IOException {
    probes.run(tcp("{send: \"1+2\\n\", expect: \"3\"}"), answering("3\n", false));
    probes.result();
    assertThat(probes.steps).hasSize(4);
    assertThat(probes.steps.get(0)).startsWith("connecting to 127.0.0.1:");
    assertThat(probes.steps.subList(1, 4))
        .containsExactly("connected", "sent \"1+2\\n\"", "got \"3\\n\"");
  }

  @Test
  void givenIrcDialogue_whenGroupsAreSentBack_thenUp() throws IOException {
    String target =
        probes.serve(
            socket -> {
              assertThat(line(socket)).isEqualTo("NICK prober");
              assertThat(line(socket)).isEqualTo("USER prober prober prober :prober");
              write(socket, ":ser.ver NOTICE * :hello\r\nPING :XYZ\r\n");
              if (line(socket).equals("PONG XYZ")) {
                write(socket, ":ser.ver 001 prober :welcome\r\n");
                line(socket);
              }
            });
    probes.run(
        tcp(
            "{query_response: [{send: NICK prober}, {send: 'USER prober prober prober :prober'},"
                + " {expect: 'PING :([^ ]+)', send: 'PONG ${1}'}, {expect: '^:[^ ]+ 001'}]}"),
        target);
    probes.up();
  }

  @Test
  void givenLabels_whenLineMatches_thenExpectInfo() throws IOException {
    probes.run(
        tcp(
            "{query_response: [{expect: '^SSH-2.0-(?P<version>[^ -]+)(?: (.*))?$', labels: [{name:"
                + " ssh_version, value: '${version}'}, {name: rest, value: 'a$$b${2}'}]}]}"),
        answering("SSH-2.0-OpenSSH_9.2p1 Debian\r\n", false));
    probes.up();
    assertThat(probes.labels("probe_expect_info")).containsExactly("OpenSSH_9.2p1", "a$bDebian");
  }

  @Test
  void givenBannerInPieces_whenItsEndComesLate_thenTheLineMatchesAsAWhole() throws IOException {
    String target =
        probes.serve(
            socket -> {
              write(socket, "one\r\ntw");
              write(socket, "o\r\n");
              line(socket);
            });
    probes.run(tcp("{query_response: [{expect: '^two$'}]}"), target);
    probes.up();
  }

  @Test
  void givenNoLineMatches_whenPeerCloses_thenFailedByRegex() throws IOException {
    probes.run(tcp("{query_response: [{expect: '^220'}]}"), answering("421 busy\r\nbye\r\n", true));
    assertThat(probes.reason()).isEqualTo("expected \"^220\" got \"421 busy\\r\\nbye\\r\\n\"");
    assertThat(probes.value("probe_failed_due_to_regex")).isEqualTo(1);
  }

  @Test
  void givenBytes_whenTheyAreOthers_thenFailedByBytes() throws IOException {
    String target = answering("N", false);
    probes.run(tcp("{query_response: [{send: !!binary AAAACATSFi8=}, {expect_bytes: S}]}"), target);
    assertThat(probes.reason()).isEqualTo("expected \"S\" got \"N\"");
    assertThat(probes.value("probe_failed_due_to_bytes")).isEqualTo(1);
    assertThat(probes.steps).contains("sent \"\\x00\\x00\\x00\\x08\\x04Ò\\x16/\\n\"");
  }

  @ParameterizedTest
  @CsvSource({
    "'{preferred_ip_protocol: ipx}', neither ip4 nor ip6",
    "'{source_ip_address: here}', is no IP address",
    "'{starttls: ftp}', 'is not one of imap, ldap, pop3, postgres, smtp'",
    "'{starttls: smtp, tls: true}', tls: true has it already",
    "'{send: x, query_response: [{send: y}]}', exclude each other",
    "'{query_response: [{expect: x, expect_bytes: y}]}', exclude each other",
    "'{query_response: [{expect: \"(\"}]}', is not a regular expression",
    "'{query_response: [{sned: x}]}', did you mean",
    "'{tls_config: {min_version: SSL3}}', 'is not one of TLS10, TLS11, TLS12, TLS13'",
    "'{tls_config: {cert_file: x.pem}}', go together",
    "'{expect: \"[\"}', is not a regular expression"
  })
  void givenWrongSetting_whenRead_thenFault(String yaml, String fault) {
    assertThat(ProbeHarness.faults("tcp", yaml)).anySatisfy(f -> assertThat(f).contains(fault));
  }

  @Test
  void givenSameText_whenReadTwice_thenModulesAreEqual() {
    String yaml =
        "{tls: true, tls_config: {server_name: a, ca_file: ca.pem}, query_response: [{expect: '^a',"
            + " labels: [{name: a, value: b}], send: c, starttls: false}]}";
    assertThat(tcp(yaml)).isEqualTo(tcp(yaml)).hasSameHashCodeAs(tcp(yaml));
  }

  @Test
  void givenNettysMessage_whenPutInWords_thenWithoutAddress() {
    assertThat(PeerWords.of(new IOException("No route to host: /192.0.2.1:80")))
        .isEqualTo("no route to host");
  }

  @Test
  void givenListenerOnThisHost_whenWatched_thenSeenWithoutConnecting() throws IOException {
    ServerSocket server = probes.listener(50);
    Probe probe = CONNECT.probe(ProbeHarness.target(server), Duration.ofSeconds(2), probes.tools());
    probes.run(probe);
    probes.up();
    try (ListeningSockets sockets = new ListeningSockets(vigie.agent.reader.Roots.HOST.procfs())) {
      assertThat(probe.isWatchable()).isTrue();
      sockets.read();
      assertThat(probe.listens(sockets)).isEqualTo(Probe.Listens.YES);
      server.close();
      sockets.read();
      assertThat(probe.listens(sockets)).isEqualTo(Probe.Listens.NO);
    }
  }

  /** Takes connections, writes a text to each, and closes it or waits for its end. */
  private String answering(String text, boolean closes) throws IOException {
    return probes.serve(
        socket -> {
          write(socket, text);
          if (closes) {
            socket.shutdownOutput();
          }
          socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        });
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String line(Socket socket) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = socket.getInputStream().read();
        c >= 0 && c != '\n';
        c = socket.getInputStream().read()) {
      line.append((char) c);
    }
    return line.toString();
  }
}
