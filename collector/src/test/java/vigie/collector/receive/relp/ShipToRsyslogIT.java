package vigie.collector.receive.relp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;

/**
 * The agent's end against the real rsyslogd: RELP in TLS with both of its libraries, and syslog.
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
    for (int i = 1; i <= EVENTS; i++) {
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
    int port = Rsyslogd.freePort();
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
    int port = Rsyslogd.freePort();
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
}
