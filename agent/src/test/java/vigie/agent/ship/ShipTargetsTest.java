package vigie.agent.ship;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolConfig;
import vigie.base.net.EventLoops;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;

/** Several collectors, and receivers that do not answer. */
@Timeout(60)
class ShipTargetsTest {
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private EventLoops loops;
  private Spool spool;
  private Ship ship;

  @BeforeEach
  void start() {
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
  }

  @AfterEach
  void stop() {
    if (ship != null) {
      ship.close();
    }
    spool.close();
    loops.close();
    executor.shutdownNow();
  }

  private void ship(String... targets) {
    List<Target> all = List.of(targets).stream().map(Target::parse).toList();
    ship =
        new Ship(
            ShipConfig.DEFAULTS.to(all, ShipTls.DEFAULTS),
            "vigie,test,x",
            spool,
            loops,
            executor,
            clock,
            clock,
            () -> {},
            meters);
    ship.start();
  }

  private void event(int number) {
    spool.accept(
        new Event(clock.now(), Severity.ERROR, EventType.PROBE_DOWN, Map.of(), "event " + number));
  }

  private double inUse() {
    return meters.get("vigie.ship.collector").gauge().value();
  }

  private double failures() {
    return meters.find("vigie.ship.failures").counters().stream().mapToDouble(Counter::count).sum();
  }

  private void awaitAcknowledged(long seq) {
    await().untilAsserted(() -> assertThat(spool.acknowledged()).isEqualTo(seq));
  }

  @Test
  void givenPreferredCollectorGone_whenItIsBack_thenItIsUsedAgainAndToldWhatIsElsewhere()
      throws IOException {
    int port;
    try (RelpServer first = new RelpServer();
        RelpServer second = new RelpServer()) {
      port = first.port();
      event(1);
      ship("relp://127.0.0.1:" + port, "relp://127.0.0.1:" + second.port());
      first.acceptAndOpen();
      assertThat(first.readText(2)).isEqualTo("event 1");
      first.ok(2);
      awaitAcknowledged(1);
      first.close();
      event(2);
      second.acceptAndOpenAfter(() -> clock.advance(Duration.ofSeconds(3)));
      assertThat(inUse()).isEqualTo(1);
      RelpServer.Frame frame = second.read();
      assertThat(frame.data())
          .contains("[vigie@32473 elsewhere=\"1\" node=\"p1\"")
          .endsWith("event 2");
      second.ok(2);
      awaitAcknowledged(2);
      await().until(ship::isConnected);

      try (RelpServer back = new RelpServer(port)) {
        back.acceptAndOpenAfter(() -> clock.advance(Duration.ofSeconds(20)));
        assertThat(back.read()).isEqualTo(new RelpServer.Frame(2, "close", ""));
        assertThat(inUse()).isEqualTo(1);
        back.acceptAndOpenAfter(() -> clock.advance(Duration.ofSeconds(20)));
        assertThat(back.read()).isEqualTo(new RelpServer.Frame(2, "close", ""));
        assertThat(second.read()).isEqualTo(new RelpServer.Frame(3, "close", ""));
        second.send("3 rsp 0\n0 serverclose 0\n");
        back.acceptAndOpen();
        event(3);
        assertThat(back.read().data()).contains(" elsewhere=\"2\" ").endsWith("event 3");
        back.ok(2);
        awaitAcknowledged(3);
        assertThat(inUse()).isZero();
      }
    }
  }

  @Test
  void givenSyslogTarget_whenShipped_thenFramesAreCountedAndSettleAfterAWhile() throws IOException {
    try (ServerSocket listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      event(1);
      event(2);
      ship("syslog://127.0.0.1:" + listening.getLocalPort());
      try (Socket socket = listening.accept()) {
        InputStream in = socket.getInputStream();
        assertThat(counted(in)).startsWith("<131>1 2026-01-01T00:00:00").endsWith("event 1");
        assertThat(counted(in)).endsWith("event 2");
        clock.advance(Duration.ofSeconds(4));
        assertThat(spool.acknowledged()).isZero();
        await()
            .until(
                () -> {
                  clock.advance(Duration.ofSeconds(5));
                  return spool.acknowledged() == 2;
                });
        await().until(ship::isConnected);
        event(3);
        assertThat(counted(in)).endsWith("event 3");
      }
      await().until(() -> failures() == 1); // closed before it had settled
      try (Socket again = accept(listening)) {
        assertThat(counted(again.getInputStream())).endsWith("event 3");
      }
    }
  }

  @Test
  void givenSyslogTarget_whenTheAgentStops_thenWhatTheOtherEndReadToTheEndIsDone()
      throws Exception {
    try (ServerSocket listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      event(1);
      ship("syslog://127.0.0.1:" + listening.getLocalPort());
      try (Socket socket = listening.accept()) {
        // First, since a connection that is still being made is given up.
        assertThat(counted(socket.getInputStream())).endsWith("event 1");
        Thread closing = new Thread(ship::close);
        closing.start();
        assertThat(socket.getInputStream().read()).isNegative();
        socket.close();
        closing.join(20_000);
        assertThat(spool.acknowledged()).isEqualTo(1);
      }
    }
  }

  private Socket accept(ServerSocket listening) throws IOException {
    listening.setSoTimeout(20);
    for (int i = 0; i < 500; i++) {
      clock.advance(Duration.ofMillis(250));
      try {
        return listening.accept();
      } catch (java.net.SocketTimeoutException notYet) {
        // once more
      }
    }
    throw new UncheckedIOException(new IOException("nobody came"));
  }

  private static String counted(InputStream in) throws IOException {
    StringBuilder digits = new StringBuilder();
    for (int b = in.read(); b != ' '; b = in.read()) {
      assertThat(b).as("a count, not the end").isNotNegative();
      digits.append((char) b);
    }
    byte[] data = in.readNBytes(Integer.parseInt(digits.toString()));
    return new String(data, StandardCharsets.UTF_8);
  }
}
