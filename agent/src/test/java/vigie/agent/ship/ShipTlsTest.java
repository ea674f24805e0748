package vigie.agent.ship;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.probe.Certificates;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolConfig;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.Authority;
import vigie.base.net.EventLoops;
import vigie.base.net.Pem;
import vigie.base.net.ServerTrust;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;

/** RELP in TLS, against the JDK's own server sockets. */
@Timeout(60)
class ShipTlsTest {
  private static final Logger SHIP = Logger.getLogger("vigie.agent.ship.Ship");
  @TempDir static Path dir;
  private static Authority authority;
  private static Path server;
  private static Path node;

  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private final ConcurrentLinkedQueue<String> logged = new ConcurrentLinkedQueue<>();
  private final Handler handler = new Recording();
  private EventLoops loops;
  private Spool spool;
  private Ship ship;
  private RelpServer relp;

  private final class Recording extends Handler {
    @Override
    public void publish(LogRecord line) {
      logged.add(new SimpleFormatter().formatMessage(line));
    }

    @Override
    public void flush() {
      // nothing is kept back
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  @BeforeAll
  static void issue() throws Exception {
    authority = new Authority(dir, "ca");
    server = authority.issue("server", "collector", "DNS:localhost,IP:127.0.0.1");
    node = authority.issue("node", "p1", "DNS:p1");
  }

  @BeforeEach
  void start() {
    SHIP.addHandler(handler);
    loops = EventLoops.nio(1, "test-ship");
    spool =
        Spool.open(
            new SpoolConfig(Path.of("/spool"), 16 << 20, Duration.ofDays(7)),
            new Host("p1", "boot-1", "m", "s", List.of("m1"), Path.of("/none")),
            clock,
            clock,
            Runnable::run,
            new ForgetfulFiles(1),
            meters);
    spool.accept(new Event(clock.now(), Severity.ERROR, EventType.PROBE_DOWN, Map.of(), "event 1"));
  }

  @AfterEach
  void stop() throws IOException {
    relp.close();
    if (ship != null) {
      ship.close();
    }
    spool.close();
    loops.close();
    executor.shutdownNow();
    SHIP.removeHandler(handler);
  }

  private void serve(SSLContext context, boolean clientWanted, String... protocols)
      throws IOException {
    SSLServerSocket socket =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
    socket.setNeedClientAuth(clientWanted);
    if (protocols.length > 0) {
      socket.setEnabledProtocols(protocols);
    }
    relp = new RelpServer(socket, 0);
  }

  private void ship(String host, String tls) {
    Faults faults = new Faults();
    String yaml = "collector: relp+tls://%s:%d\ntls: {%s}".formatted(host, relp.port(), tls);
    ShipConfig config =
        ShipConfig.read(Yaml.parse(dir.resolve("agent.yaml"), yaml, Map.of(), faults));
    assertThat(faults.all()).isEmpty();
    ship = new Ship(config, "vigie,test,x", spool, loops, executor, clock, clock, () -> {}, meters);
    ship.start();
  }

  private void expectDelivered() throws IOException {
    relp.acceptAndOpen();
    assertThat(relp.readText(2)).isEqualTo("event 1");
    relp.ok(2);
    await().until(() -> spool.acknowledged() == 1);
  }

  /** The handshake is refused, and the log says why. */
  private void expectRefusal(String... words) {
    handshake(relp);
    await().until(() -> failures() > 0);
    await().until(() -> !logged.isEmpty());
    for (String word : words) {
      assertThat(logged.peek()).contains(word);
    }
  }

  /** The JDK's server only shakes hands when somebody reads. */
  private static void handshake(RelpServer relp) {
    Thread reading =
        new Thread(
            () -> {
              try {
                relp.accept();
              } catch (IOException | AssertionError refused) {
                // what the test is about
              }
            });
    reading.setDaemon(true);
    reading.start();
  }

  private double failures() {
    Counter counter = meters.find("vigie.ship.failures").tag("reason", "tls").counter();
    return counter == null ? 0 : counter.count();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void givenBothCertificates_whenShipped_thenDelivered(String protocol) throws Exception {
    serve(authority.client(server), true, protocol);
    ship("localhost", "ca_file: ca.pem, cert_file: node.pem, key_file: node.key");
    expectDelivered();
  }

  @Test
  void givenFingerprint_whenTheCertificateHasIt_thenNothingElseIsAsked() throws Exception {
    serve(
        new Certificates(Files.createTempDirectory(dir, "java")).selfSigned("dns:elsewhere"),
        false);
    X509Certificate own = Pem.certificates(Files.readString(server)).get(0);
    ship("127.0.0.1", "fingerprint: '" + ServerTrust.fingerprint(own) + "'");
    expectRefusal("the server's certificate has another fingerprint, sha256:");
    String line = logged.peek();
    String found = line.substring(line.indexOf("sha256:"), line.lastIndexOf('"'));
    ship.close();
    relp.close();
    serve(authority.client(server), false);
    ship("127.0.0.1", "fingerprint: ['" + found + "', '" + ServerTrust.fingerprint(own) + "']");
    expectDelivered();
  }

  @Test
  void givenOtherName_whenShipped_thenItIsSaidWhichAndServerNameHelps() throws Exception {
    Path other = authority.issue("other", "collector.example", "DNS:collector.example");
    serve(authority.client(other), false);
    ship("localhost", "ca_file: ca.pem");
    expectRefusal("is for collector.example and not for localhost; set server_name");
    ship.close();
    relp.close();
    serve(authority.client(other), false);
    ship("localhost", "ca_file: ca.pem, server_name: collector.example");
    expectDelivered();
  }

  @Test
  void givenOtherAuthority_whenShipped_thenItIsSaidWhoSigned() throws Exception {
    Authority strange = new Authority(dir, "strange");
    serve(strange.client(strange.issue("s2", "x", "DNS:localhost")), false);
    ship("localhost", "ca_file: ca.pem");
    expectRefusal("is signed by \"CN=strange,O=Test\"", "ca.pem does not vouch for");
  }

  @Test
  void givenExpired_whenShipped_thenItIsSaidSinceWhen() throws Exception {
    Certificates past = new Certificates(Files.createTempDirectory(dir, "java"));
    serve(past.server("dns:localhost", "-13d", 10), false);
    Path ca = past.ca();
    ship("localhost", "ca_file: " + ca);
    expectRefusal("expired on 20", "look at this machine's clock, too");
  }

  @Test
  void givenNotYetValid_whenShipped_thenTheClockIsNamed() throws Exception {
    Certificates future = new Certificates(Files.createTempDirectory(dir, "java"));
    serve(future.server("dns:localhost", "+3d", 10), false);
    ship("localhost", "ca_file: " + future.ca());
    expectRefusal("is not valid before 20", "look at this machine's clock, too");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void givenCertificateWanted_whenNoneIsShown_thenItIsSaid(String protocol) throws Exception {
    serve(authority.client(server), true, protocol);
    ship("localhost", "ca_file: ca.pem");
    expectRefusal("tls.cert_file");
  }

  @Test
  void givenServerWithoutTls_whenShipped_thenItIsSaid() throws Exception {
    relp = new RelpServer(new ServerSocket(), 0);
    ship("localhost", "ca_file: ca.pem");
    Thread answering =
        new Thread(
            () -> {
              try {
                relp.acceptRaw();
                relp.send("1 rsp 6 200 OK\n");
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    answering.start();
    await().until(() -> failures() > 0);
    await().until(() -> !logged.isEmpty());
    assertThat(logged.peek()).contains("no TLS is spoken there");
  }

  @Test
  void givenNoCommonCipher_whenShipped_thenItIsSaid() throws Exception {
    SSLServerSocket socket =
        (SSLServerSocket) authority.client(server).getServerSocketFactory().createServerSocket();
    socket.setEnabledProtocols(new String[] {"TLSv1.2"});
    socket.setEnabledCipherSuites(new String[] {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"});
    relp = new RelpServer(socket, 0);
    ship("localhost", "ca_file: ca.pem");
    expectRefusal("anonymous TLS is not spoken", "handshake_failure");
  }

  @Test
  void givenFileMissing_whenItIsThereLater_thenTakenWithoutRestart() throws Exception {
    serve(authority.client(server), false);
    ship("localhost", "ca_file: late.pem");
    await().until(() -> failures() > 0);
    await().until(() -> !logged.isEmpty());
    assertThat(logged.peek()).contains("late.pem cannot be used: no such file");
    Files.copy(dir.resolve("ca.pem"), dir.resolve("late.pem"), StandardCopyOption.REPLACE_EXISTING);
    relp.acceptAndOpenAfter(() -> clock.advance(Duration.ofMillis(250)));
    assertThat(relp.readText(2)).isEqualTo("event 1");
    Files.delete(dir.resolve("late.pem"));
  }
}
