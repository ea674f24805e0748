package vigie.collector.receive.relp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.DefaultChannelPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.ship.Ship;
import vigie.agent.ship.ShipConfig;
import vigie.agent.ship.ShipTls;
import vigie.agent.ship.Target;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolConfig;
import vigie.base.net.Authority;
import vigie.base.net.EventLoops;
import vigie.base.net.Ports;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;

/**
 * The agent's end against the real rsyslogd: RELP and syslog, in TLS with both of its libraries.
 */
class ShipToRsyslogIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int EVENTS = 300;
  @TempDir Path folder;

  private final ExecutorService executor = Executors.newCachedThreadPool();
  private final EventLoops loops = EventLoops.nio(1, "test-ship");
  private final ThreadScheduler scheduler =
      new ThreadScheduler(Thread::new, Throwable::printStackTrace);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Spool spool;

  @BeforeEach
  void open() {
    spool =
        Spool.open(
            new SpoolConfig(Path.of("/spool"), 16 << 20, Duration.ofDays(7)),
            new Host("p1", "boot-1", "m", "s", List.of("m1"), Path.of("/none")),
            Clock.system(),
            scheduler,
            executor,
            new ForgetfulFiles(1),
            meters);
  }

  @AfterEach
  void close() {
    spool.close();
    loops.close();
    scheduler.close();
    executor.shutdownNow();
  }

  private Ship ship(String target, ShipTls tls) {
    Ship ship =
        new Ship(
            ShipConfig.DEFAULTS.to(List.of(Target.parse(target)), tls),
            "vigie,test,x",
            spool,
            loops,
            executor,
            Clock.system(),
            scheduler,
            () -> {},
            meters);
    ship.start();
    return ship;
  }

  private void events() {
    events(1, EVENTS);
  }

  private void events(int from, int to) {
    for (int i = from; i <= to; i++) {
      spool.accept(
          new Event(
              Instant.parse("2026-01-01T00:00:00Z"),
              Severity.ERROR,
              EventType.PROBE_DOWN,
              Map.of(),
              "event " + i + " ä\nof two lines"));
    }
  }

  private static List<String> wanted() {
    return IntStream.rangeClosed(1, EVENTS)
        .mapToObj(i -> "p1 vigie probe.down event " + i + " ä#012of two lines")
        .toList();
  }

  private String output(Path out) {
    return """
        template(name="line" type="string" string="%%hostname%% %%app-name%% %%msgid%% %%msg%%\\n")
        ruleset(name="in") { action(type="omfile" file="%s" template="line") }
        """
        .formatted(out);
  }

  @ParameterizedTest
  @ValueSource(strings = {"openssl", "gnutls"})
  void givenImrelpWithTls_whenShipped_thenBothSidesKnowEachOtherAndAllArrivesOnce(String library)
      throws Exception {
    Authority authority = new Authority(folder, "ca");
    Path server = authority.issue("server", "localhost", "DNS:localhost");
    Path node = authority.issue("node", "p1", "DNS:p1");
    int port = Ports.free();
    Path out = folder.resolve("out.log");
    events();
    try (Rsyslogd rsyslog =
            Rsyslogd.start(
                folder,
                "module(load=\"imrelp\" tls.tlslib=\"%s\")\n".formatted(library)
                    + output(out)
                    + """
                    input(type="imrelp" address="127.0.0.1" port="%d" ruleset="in" tls="on"
                      tls.cacert="%s" tls.mycert="%s" tls.myprivkey="%s"
                      tls.authmode="name" tls.permittedpeer=["p1"])
                    """
                        .formatted(
                            port,
                            authority.certificate(),
                            server,
                            server.toString().replace(".pem", ".key")));
        Ship ship =
            ship(
                "relp+tls://localhost:" + port,
                new ShipTls(
                    authority.certificate(),
                    node,
                    Path.of(node.toString().replace(".pem", ".key")),
                    "",
                    List.of()))) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(spool.acknowledged()).as(rsyslog.log()).isEqualTo(EVENTS));
      assertThat(ship.isConnected()).isTrue();
    }
    assertThat(Files.readAllLines(out)).isEqualTo(wanted());
  }

  @Test
  void givenImtcp_whenShippedAsSyslog_thenAllArrivesAndCountsAfterAWhile() throws Exception {
    int port = Ports.free();
    Path out = folder.resolve("out.log");
    events();
    try (Rsyslogd rsyslog =
            Rsyslogd.start(
                folder,
                "module(load=\"imtcp\")\n"
                    + output(out)
                    + "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"%d\" ruleset=\"in\")\n"
                        .formatted(port));
        Ship ship = ship("syslog://127.0.0.1:" + port, ShipTls.DEFAULTS)) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(spool.acknowledged()).as(rsyslog.log()).isEqualTo(EVENTS));
      assertThat(ship.isConnected()).isTrue();
    }
    assertThat(Files.readAllLines(out)).isEqualTo(wanted());
  }

  @ParameterizedTest
  @CsvSource({"gtls, true", "gtls, false", "ossl, true", "ossl, false"})
  void givenImtcpWithTls_whenShippedAsSyslog_thenAllArrivesOnce(String driver, boolean clients)
      throws Exception {
    Peers peers = new Peers(driver, clients);
    events();
    try (Rsyslogd rsyslog = peers.start();
        Ship ship = ship(peers.address("localhost"), peers.trusting(clients ? "node" : null))) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(spool.acknowledged()).as(rsyslog.log()).isEqualTo(EVENTS));
      assertThat(ship.isConnected()).isTrue();
    }
    assertThat(Files.readAllLines(peers.out)).isEqualTo(wanted());
  }

  /** Syslog is not answered: what was sent in the last seconds is sent again rather than lost. */
  @ParameterizedTest
  @ValueSource(strings = {"gtls", "ossl"})
  void givenImtcpWithTls_whenItIsKilledAndStartedAgain_thenNothingIsLost(String driver)
      throws Exception {
    Peers peers = new Peers(driver, true);
    Rsyslogd first = peers.start();
    try (Ship ship = ship(peers.address("localhost"), peers.trusting("node"))) {
      events(1, EVENTS / 3);
      await().atMost(PATIENCE).until(() -> lines(peers.out).size() == EVENTS / 3);
      first.kill();
      await().atMost(PATIENCE).until(() -> failures() > 0);
      events(EVENTS / 3 + 1, EVENTS);
      try (Rsyslogd second = peers.start()) {
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () -> assertThat(spool.acknowledged()).as(second.log()).isEqualTo(EVENTS));
        assertThat(ship.isConnected()).isTrue();
      }
    } finally {
      first.close();
    }
    List<String> all = lines(peers.out);
    assertThat(new LinkedHashSet<>(all)).containsExactlyElementsOf(wanted());
    assertThat(all).hasSizeLessThanOrEqualTo(EVENTS + EVENTS / 3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gtls | strange | node | localhost | which .*strange.pem does not vouch for",
        "ossl | ca | node | 127.0.0.1 | is for localhost and not for 127.0.0.1; set server_name",
        "gtls | ca | | localhost | misse?s? one .tls.cert_file",
        "ossl | ca | | localhost | misse?s? one .tls.cert_file",
        "gtls | ca | other | localhost | the other end .*refuses? our certificate",
        "gtls | ca | foreign | localhost | the other end .*refuses? our certificate",
        "ossl | ca | foreign | localhost | the other end .*refuses? our certificate",
      })
  void givenImtcpWithTls_whenOneRefusesTheOther_thenItIsSaidAndTheSpoolWaits(
      String driver, String authority, @Nullable String certificate, String host, String words)
      throws Exception {
    Peers peers = new Peers(driver, true);
    new Authority(folder, "strange").issue("foreign", "p1", "DNS:p1");
    peers.authority.issue("other", "p2", "DNS:p2");
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(Ship.class);
    // It logs what nobody takes, at each try.
    Logger netty = (Logger) LoggerFactory.getLogger(DefaultChannelPipeline.class);
    logged.start();
    logger.addAppender(logged);
    netty.addAppender(logged);
    events();
    try (Rsyslogd rsyslog = peers.start();
        Ship ship =
            ship(
                peers.address(host),
                peers.trusting(folder.resolve(authority + ".pem"), certificate))) {
      await().atMost(PATIENCE).until(() -> !List.copyOf(logged.list).isEmpty());
      assertThat(logged.list.get(0).getFormattedMessage()).as(rsyslog.log()).containsPattern(words);
      await().atMost(PATIENCE).until(() -> failures() > 1);
      assertThat(ship.isConnected()).isFalse();
      assertThat(spool.acknowledged()).isZero();
      assertThat(logged.list)
          .extracting(ILoggingEvent::getLoggerName)
          .doesNotContain(netty.getName());
    } finally {
      logger.detachAppender(logged);
      netty.detachAppender(logged);
    }
    assertThat(lines(peers.out)).isEmpty();
  }

  private double failures() {
    return meters.find("vigie.ship.failures").counters().stream().mapToDouble(Counter::count).sum();
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  /** An imtcp that speaks TLS, and what the agent needs for it. */
  private final class Peers {
    final Authority authority = new Authority(folder, "ca");
    final Path out = folder.resolve("out.log");
    private final int port = Ports.free();
    private final String config;

    Peers(String driver, boolean clients) throws Exception {
      authority.issue("server", "localhost", "DNS:localhost");
      authority.issue("node", "p1", "DNS:p1");
      config =
          """
          global(defaultNetstreamDriverCAFile="%1$s/ca.pem"
            defaultNetstreamDriverCertFile="%1$s/server.pem"
            defaultNetstreamDriverKeyFile="%1$s/server.key")
          module(load="imtcp" streamDriver.name="%2$s" streamDriver.mode="1" streamDriver.authMode=%3$s)
          input(type="imtcp" address="127.0.0.1" port="%4$d" ruleset="in")
          """
              .formatted(
                  folder,
                  driver,
                  clients ? "\"x509/name\" permittedPeer=[\"p1\"]" : "\"anon\"",
                  port);
    }

    Rsyslogd start() throws IOException {
      Rsyslogd rsyslog = Rsyslogd.start(folder, output(out) + config);
      Rsyslogd.awaitPort(port);
      return rsyslog;
    }

    String address(String host) {
      return "syslog+tls://" + host + ":" + port;
    }

    ShipTls trusting(@Nullable String certificate) {
      return trusting(authority.certificate(), certificate);
    }

    ShipTls trusting(Path ca, @Nullable String certificate) {
      return new ShipTls(
          ca,
          certificate == null ? null : folder.resolve(certificate + ".pem"),
          certificate == null ? null : folder.resolve(certificate + ".key"),
          "",
          List.of());
    }
  }
}
