package vigie.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.Authority;
import vigie.base.net.EventLoops;
import vigie.base.net.Ports;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.base.time.ThreadScheduler;
import vigie.collector.receive.relp.Rsyslogd;

/** Routes that forward, to the real rsyslogd: by UDP, TCP, and TLS with both of its libraries. */
class ForwardToRsyslogIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int PRI = 28; // daemon.warning
  @TempDir Path folder;

  private final EventLoops loops = EventLoops.fastest(1, "test-forward");
  private final ThreadScheduler scheduler =
      new ThreadScheduler(Thread::new, Throwable::printStackTrace);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private SyslogRouter router;
  private Path out;
  private int port;

  @BeforeEach
  void start() throws IOException {
    out = folder.resolve("out.log");
    port = Ports.free();
    router = new SyslogRouter(loops, scheduler, ReceiveLimits.DEFAULTS, meters, () -> {});
    logged.start();
    ((Logger) LoggerFactory.getLogger(Forwarder.class)).addAppender(logged);
  }

  @AfterEach
  void stop() {
    ((Logger) LoggerFactory.getLogger(Forwarder.class)).detachAppender(logged);
    router.close();
    loops.close();
    scheduler.close();
  }

  private Rsyslogd rsyslogd(String input) throws IOException {
    return Rsyslogd.start(
        folder,
        """
        template(name="line" type="string" string="%%hostname%% %%app-name%%%%msg%%\\n")
        ruleset(name="in") { action(type="omfile" file="%s" template="line") }
        %s
        """
            .formatted(out, input.formatted(port)));
  }

  private Rsyslogd over(String driver) throws IOException {
    if (!driver.equals("ptcp")) {
      return overTls(driver);
    }
    Rsyslogd rsyslog =
        rsyslogd(
            "module(load=\"imtcp\")\n"
                + "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"%d\" ruleset=\"in\")\n");
    Rsyslogd.awaitPort(port);
    return rsyslog;
  }

  private Rsyslogd overTls(String driver) throws IOException {
    Rsyslogd rsyslog =
        rsyslogd(
            """
            global(defaultNetstreamDriverCAFile="FOLDER/ca.pem"
              defaultNetstreamDriverCertFile="FOLDER/server.pem"
              defaultNetstreamDriverKeyFile="FOLDER/server.key")
            module(load="imtcp" streamDriver.name="DRIVER" streamDriver.mode="1"
              streamDriver.authMode="x509/name" permittedPeer=["collector"])
            input(type="imtcp" address="127.0.0.1" port="%d" ruleset="in")
            """
                .replace("FOLDER", folder.toString())
                .replace("DRIVER", driver));
    Rsyslogd.awaitPort(port);
    return rsyslog;
  }

  private void issue() throws Exception {
    Authority authority = new Authority(folder, "ca");
    authority.issue("server", "localhost", "DNS:localhost");
    authority.issue("collector", "collector", "DNS:collector");
    new Authority(folder, "strange").issue("foreign", "collector", "DNS:collector");
  }

  private void route(String target, String more) {
    Faults faults = new Faults();
    String yaml = "syslog_routes: [{selector: '*.*', to: forward, target: '%s'%s}]\n";
    router.routes(
        SyslogRoutes.read(
            Yaml.parse(folder.resolve("c.yaml"), yaml.formatted(target, more), Map.of(), faults)));
    assertThat(faults.all()).isEmpty();
  }

  private static String tls(String ca, @Nullable String certificate) {
    String own =
        certificate == null
            ? ""
            : ", cert_file: %1$s.pem, key_file: %1$s.key".formatted(certificate);
    return ", tls_config: {ca_file: " + ca + ".pem" + own + "}";
  }

  private static SyslogMessage message(String record) {
    byte[] bytes = record.getBytes(StandardCharsets.UTF_8);
    return Objects.requireNonNull(new SyslogParser(ZoneOffset.UTC).parse(bytes, Instant.EPOCH));
  }

  private void send(int from, int to) {
    for (int i = from; i <= to; i++) {
      String record = "<" + PRI + ">1 2026-01-01T00:00:00Z web01 app 7 ID - line " + i;
      assertThat(router.route(message(record))).isTrue();
    }
  }

  private static List<String> wanted(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> "web01 appline " + i).toList();
  }

  private List<String> lines() throws IOException {
    return Files.exists(out) ? Files.readAllLines(out) : List.of();
  }

  private void awaitLines(Rsyslogd rsyslog, List<String> wanted) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(lines()).as(rsyslog.log()).containsAll(wanted));
  }

  private double failures() {
    return meters.get("vigie.syslog.forward.failures").counter().count();
  }

  @Test
  void givenImtcp_whenForwarded_thenAllArrivesInOrder() throws Exception {
    route("syslog://localhost:" + port, "");
    send(1, 500); // waits: nobody listens yet
    try (Rsyslogd rsyslog =
        rsyslogd(
            "module(load=\"imtcp\")\n"
                + "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"%d\" ruleset=\"in\")\n")) {
      awaitLines(rsyslog, wanted(1, 500));
    }
    assertThat(lines()).isEqualTo(wanted(1, 500));
  }

  @Test
  void givenImudp_whenForwarded_thenEachDatagramIsARecord() throws Exception {
    try (Rsyslogd rsyslog =
        rsyslogd(
            "module(load=\"imudp\") module(load=\"imtcp\")\n"
                + "input(type=\"imudp\" address=\"127.0.0.1\" port=\"%1$d\" ruleset=\"in\")\n"
                + "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"%1$d\" ruleset=\"in\")\n")) {
      Rsyslogd.awaitPort(port);
      route("syslog+udp://localhost:" + port, "");
      send(1, 50);
      awaitLines(rsyslog, wanted(1, 50));
    }
    assertThat(lines()).hasSize(50);
  }

  /** Syslog is not answered: what was sent in the last seconds is sent again rather than lost. */
  @ParameterizedTest
  @ValueSource(strings = {"ptcp", "gtls", "ossl"})
  void givenImtcp_whenItIsKilledInAStreamAndStartedAgain_thenNothingIsLost(String driver)
      throws Exception {
    issue();
    boolean tls = !driver.equals("ptcp");
    route(
        (tls ? "syslog+tls" : "syslog") + "://localhost:" + port,
        tls ? tls("ca", "collector") : "");
    Rsyslogd first = over(driver);
    try {
      send(1, 200);
      awaitLines(first, wanted(1, 200));
      double before = failures();
      send(201, 20_000);
      await().atMost(PATIENCE).until(() -> lines().size() > 400);
      first.kill();
      await().atMost(PATIENCE).until(() -> failures() > before);
      try (Rsyslogd second = over(driver)) {
        awaitLines(second, wanted(1, 20_000));
      }
    } finally {
      first.close();
    }
    // A record that was being written at the kill may be there by half.
    assertThat(new LinkedHashSet<>(lines())).containsSubsequence(wanted(1, 20_000));
    assertThat(meters.get("vigie.syslog.forward.dropped").counter().count()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gtls | strange | collector | localhost | which .*strange.pem does not vouch for",
        "ossl | ca | collector | 127.0.0.1 | is for localhost and not for 127.0.0.1; set server_name",
        "gtls | ca | | localhost | misse?s? one .tls_config.cert_file",
        "ossl | ca | | localhost | misse?s? one .tls_config.cert_file",
        "gtls | ca | foreign | localhost | the other end .*refuses? our certificate",
        "ossl | ca | foreign | localhost | the other end .*refuses? our certificate",
      })
  void givenImtcpWithTls_whenOneRefusesTheOther_thenItIsSaidAndTheRecordsWait(
      String driver, String authority, @Nullable String certificate, String host, String words)
      throws Exception {
    issue();
    try (Rsyslogd rsyslog = overTls(driver)) {
      route("syslog+tls://" + host + ":" + port, tls(authority, certificate));
      send(1, 10);
      await().atMost(PATIENCE).until(() -> failures() > 1);
      assertThat(logged.list).hasSize(1);
      assertThat(logged.list.get(0).getFormattedMessage()).as(rsyslog.log()).containsPattern(words);
      assertThat(meters.get("vigie.syslog.forward.sent").counter().count()).isZero();
      route("syslog+tls://localhost:" + port, tls("ca", "collector"));
      send(11, 20);
      awaitLines(rsyslog, wanted(11, 20));
    }
  }
}
