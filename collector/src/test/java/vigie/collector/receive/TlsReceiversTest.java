package vigie.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.Authority;
import vigie.base.net.EventLoops;
import vigie.base.net.ReloadingTls;
import vigie.base.net.ServerTls;
import vigie.base.time.ManualClock;
import vigie.collector.receive.relp.RelpReceiver;
import vigie.collector.receive.syslog.SyslogReceiver;

/** Who gets in over TLS, and in whose name. */
@Timeout(60)
class TlsReceiversTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final String OPEN = "1 open 15 commands=syslog\n";

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();
  private final HeldSink sink = new HeldSink();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService executor = Executors.newFixedThreadPool(2);
  private final EventLoops loops = EventLoops.fastest(2, "test-tls");
  private Authority authority;
  private ReloadingTls tls;
  private Receiving receiving;
  private RelpReceiver relp;
  private SyslogReceiver syslog;
  private int relpPort;
  private int syslogPort;

  @BeforeEach
  void start() throws Exception {
    authority = new Authority(folder, "ca");
    authority.issue("collector", "collector", "DNS:localhost,IP:127.0.0.1");
    Files.writeString(
        folder.resolve("c.yaml"),
        "cert_file: collector.pem\nkey_file: collector.key\nclient_ca_file: ca.pem\n");
    Faults faults = new Faults();
    ServerTls settings =
        ServerTls.readMutual(Yaml.load(folder.resolve("c.yaml"), Map.of(), faults));
    assertThat(faults.all()).isEmpty();
    tls = new ReloadingTls(settings);
    receiving = new Receiving(ReceiveLimits.DEFAULTS, sink, executor, loops, clock, clock, meters);
    receiving.senders(new Senders(Set.of("relay")));
    relp = new RelpReceiver(receiving, loops, "vigie,test,x", clock);
    relpPort = relp.listen(ANY, tls, executor);
    syslog = new SyslogReceiver(receiving, loops, clock);
    syslogPort = syslog.listen(ANY, tls, executor);
  }

  @AfterEach
  void stop() {
    relp.close();
    syslog.close();
    receiving.close();
    loops.close();
    executor.shutdownNow();
  }

  private SSLContext client(String name) throws Exception {
    return authority.client(authority.issue(name, name + "-cn", "DNS:" + name));
  }

  private static SSLSocket connect(SSLContext context, int port) throws IOException {
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  private static String expect(Socket socket, String end) throws IOException {
    StringBuilder got = new StringBuilder();
    while (got.indexOf(end) < 0) {
      int b = socket.getInputStream().read();
      if (b < 0) {
        return got + "(closed)";
      }
      got.append((char) b);
    }
    return got.toString();
  }

  private double count(String name, String... tags) {
    Counter counter = meters.find(name).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }

  private static String own(String node) {
    return "<30>1 - "
        + node
        + " vigie 1 x [vigie@32473 node=\""
        + node
        + "\" spool=\"s\" seq=\"1\" boot=\"b\" type=\"agent.start\"] up";
  }

  private static String frame(int txnr, String record) {
    return txnr + " syslog " + record.length() + " " + record + "\n";
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void givenOwnCertificate_whenAgentSends_thenTakenUnderItsName(String version) throws Exception {
    try (SSLSocket socket = connect(client("p1"), relpPort)) {
      socket.setEnabledProtocols(new String[] {version});
      send(socket, OPEN + frame(2, own("p1")));
      assertThat(expect(socket, "2 rsp 6 200 OK\n")).contains("1 rsp").doesNotContain("closed");
    }
    assertThat(sink.events().get(0).node()).isEqualTo("p1");
    assertThat(count("vigie.receive.source.records", "source", "p1")).isEqualTo(1);
  }

  @Test
  void givenCertificateOfAnother_whenAgentSends_thenRefusedAndNothingIsIn() throws Exception {
    try (SSLSocket socket = connect(client("p2"), relpPort)) {
      send(socket, OPEN + frame(2, own("p1")));
      assertThat(expect(socket, "serverclose 0\n")).doesNotContain("2 rsp");
    }
    assertThat(sink.size()).isZero();
    assertThat(count("vigie.relp.refused", "reason", "name")).isEqualTo(1);
  }

  @Test
  void givenRelay_whenItSendsForOthers_thenTakenUnderTheirNames() throws Exception {
    try (SSLSocket socket = connect(client("relay"), relpPort)) {
      send(socket, OPEN + frame(2, own("p1")) + frame(3, "<13>Nov 21 11:59:58 web01 a: b"));
      expect(socket, "3 rsp 6 200 OK\n");
    }
    assertThat(sink.events()).extracting(e -> e.node()).containsExactly("p1", "web01");
  }

  @Test
  void givenForeignSender_whenItsHeaderSaysAnotherName_thenTheCertificateCounts() throws Exception {
    try (SSLSocket socket = connect(client("switch7"), syslogPort)) {
      String record = "<13>Nov 21 11:59:58 core a: b";
      send(socket, record.length() + " " + record + "33 <13>1 - SWITCH7 a - - - same name");
      await().until(() -> sink.size() == 2);
    }
    assertThat(sink.events()).extracting(e -> e.node()).containsExactly("switch7", "switch7");
    assertThat(sink.events()).extracting(e -> e.field("host")).containsExactly("core", "");
    await().until(() -> count("vigie.syslog.messages", "transport", "tls") == 2);
  }

  @Test
  void givenCertificate_whenARecordOfAnotherNodeIsCalledForeign_thenItIsNotTakenUnderThatName()
      throws Exception {
    String record = own("p2").replace("agent.start", "syslog");
    try (SSLSocket socket = connect(client("p1"), relpPort)) {
      send(socket, OPEN + frame(2, record));
      expect(socket, "2 rsp 6 200 OK\n");
    }
    try (SSLSocket socket = connect(client("p1"), syslogPort)) {
      send(socket, record + "\n");
      await().until(() -> sink.size() == 2);
    }
    assertThat(sink.events()).extracting(e -> e.node()).containsExactly("p1", "p1");
    assertThat(sink.events()).extracting(e -> e.origin()).containsExactly(null, null);
  }

  @Test
  void givenAgentOverSyslogTls_whenNameIsItsOwn_thenItsEvent_elseForeign() throws Exception {
    try (SSLSocket socket = connect(client("p1"), syslogPort)) {
      send(socket, own("p1") + "\n" + own("p2") + "\n");
      await().until(() -> sink.size() == 2);
    }
    assertThat(sink.events()).extracting(e -> e.type()).containsExactly("agent.start", "syslog");
    assertThat(sink.events()).extracting(e -> e.node()).containsExactly("p1", "p1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "stranger", "expired", "plain"})
  void givenWrongOrNoCertificate_whenConnected_thenNothingIsIn(String who) throws Exception {
    for (int port : new int[] {relpPort, syslogPort}) {
      String sent = port == relpPort ? OPEN + frame(2, own("p1")) : "<13>x: a\n";
      if (who.equals("plain")) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
          send(socket, sent);
          expect(socket, "never");
        } catch (IOException reset) {
          assertThat(reset).hasMessageContaining("reset");
        }
        continue;
      }
      Path strangers = Files.createDirectories(folder.resolve("strangers"));
      Authority other = new Authority(strangers, "ca");
      Path certificate =
          switch (who) {
            case "none" -> null;
            case "expired" -> authority.issueExpired("p1", "p1", "DNS:p1");
            default -> other.issue("p1", "p1", "DNS:p1");
          };
      SSLContext context = authority.client(certificate);
      assertThatThrownBy(
              () -> {
                try (SSLSocket socket = connect(context, port)) {
                  send(socket, sent);
                  if (expect(socket, "never").endsWith("(closed)")) {
                    throw new SSLException("closed");
                  }
                }
              })
          .isInstanceOf(IOException.class);
    }
    await()
        .until(
            () ->
                count("vigie.relp.refused", "reason", "handshake") == 1
                    && count("vigie.syslog.refused", "reason", "handshake") == 1);
    assertThat(sink.size()).isZero();
    assertThat(count("vigie.relp.records")).isZero();
  }

  @Test
  void givenNewCertificate_whenLookedAt_thenTheNextConnectionSeesItAndAWrongOneDoesNotCount()
      throws Exception {
    SSLContext context = client("p1");
    String before = serverName(context);
    authority.issue("next", "next", "DNS:localhost,IP:127.0.0.1");
    for (String end : new String[] {".pem", ".key"}) {
      Files.move(
          folder.resolve("next" + end),
          folder.resolve("collector" + end),
          StandardCopyOption.REPLACE_EXISTING);
    }
    tls.look();
    assertThat(tls.isGood()).isTrue();
    assertThat(serverName(context)).isNotEqualTo(before).contains("CN=next");

    Files.writeString(folder.resolve("collector.pem"), "no certificate");
    tls.look();
    assertThat(tls.isGood()).isFalse();
    assertThat(serverName(context)).contains("CN=next");
  }

  private String serverName(SSLContext context) throws Exception {
    try (SSLSocket socket = connect(context, relpPort)) {
      socket.startHandshake();
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
          .getSubjectX500Principal()
          .getName();
    }
  }
}
