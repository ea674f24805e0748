package vigie.collector.receive.relp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.ship.Ship;
import vigie.agent.ship.ShipConfig;
import vigie.agent.ship.ShipTls;
import vigie.agent.ship.Target;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolConfig;
import vigie.base.net.EventLoops;
import vigie.base.net.Ports;
import vigie.base.relp.RelpLimits;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;
import vigie.collector.receive.HeldSink;

/** Both of our ends against rsyslog's: its omrelp into our receiver, our ship into its imrelp. */
@Timeout(120)
class RsyslogIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;
  private final HeldSink sink = new HeldSink();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private final EventLoops loops = EventLoops.fastest(2, "test-rsyslog");
  private final List<Throwable> failures = new ArrayList<>();
  private final ThreadScheduler scheduler =
      new ThreadScheduler(task -> new Thread(task, "test-scheduler"), failures::add);

  @AfterEach
  void stop() {
    scheduler.close();
    loops.close();
    executor.shutdownNow();
    assertThat(failures).isEmpty();
  }

  private RelpReceiver receiver(int port) {
    RelpLimits d = RelpLimits.DEFAULTS;
    return new RelpReceiver(
        loops,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
        "vigie,test,x",
        new RelpLimits(
            d.recordBytes(),
            d.declaredBytes(),
            d.openBytes(),
            d.offers(),
            d.unackedRecords(),
            d.unackedBytes(),
            d.totalUnackedBytes(),
            d.turnBytes(),
            d.connections(),
            d.connectionsPerAddress(),
            d.open(),
            d.partial(),
            d.quiet(),
            Duration.ofSeconds(1)),
        sink,
        executor,
        Clock.system(),
        scheduler,
        new SimpleMeterRegistry());
  }

  /** An rsyslogd that sends what comes to its TCP port on by omrelp. */
  private Rsyslogd sender(int in, int out, String more) throws IOException {
    return Rsyslogd.start(
        folder,
        """
        module(load="imtcp")
        module(load="omrelp")
        input(type="imtcp" address="127.0.0.1" port="%d" ruleset="out")
        ruleset(name="out") {
          action(type="omrelp" target="127.0.0.1" port="%d" action.resumeRetryCount="-1"
            action.resumeInterval="1" queue.type="LinkedList" %s)
        }
        """
            .formatted(in, out, more));
  }

  private static void log(int port, int from, int to) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      StringBuilder lines = new StringBuilder();
      for (int i = from; i <= to; i++) {
        lines.append("<13>Nov 21 11:59:58 web01 app[7]: line ").append(i).append('\n');
      }
      socket.getOutputStream().write(lines.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new AssertionError("cannot log to rsyslogd", e);
    }
  }

  private static List<String> lines(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> "line " + i).toList();
  }

  @Test
  void givenOmrelp_whenOurReceiverRestarts_thenNothingIsLostAndItShipsOn() throws Exception {
    int in = Ports.free();
    RelpReceiver first = receiver(0);
    int port = first.port();
    try (Rsyslogd rsyslog = sender(in, port, "")) {
      log(in, 1, 1000);
      await().atMost(PATIENCE).until(() -> sink.size() >= 1000);
      assertThat(sink.texts()).isEqualTo(lines(1, 1000));
      assertThat(sink.events().get(0).node()).isEqualTo("web01");
      assertThat(sink.events().get(0).fields()).isEqualTo(Map.of("procid", "7"));

      first.close();
      log(in, 1001, 1500);
      try (RelpReceiver second = receiver(port)) {
        log(in, 1501, 2000);
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(new LinkedHashSet<>(sink.texts()))
                        .as(rsyslog.log())
                        .containsAll(lines(1, 2000)));
        assertThat(second.port()).isEqualTo(port);
        assertThat(rsyslog.isAlive()).isTrue();
      }
    }
  }

  @Test
  void givenUnansweredRecords_whenOurReceiverGoesAway_thenOmrelpSendsThemAgain() throws Exception {
    int in = Ports.free();
    sink.hold();
    RelpReceiver first = receiver(0);
    int port = first.port();
    try (Rsyslogd rsyslog = sender(in, port, "")) {
      log(in, 1, 50);
      await().atMost(PATIENCE).until(() -> sink.size() >= 50);
      first.close(); // as if killed before the sync: nothing was answered
      HeldSink before = sink;
      int taken = before.size();
      sink.release();
      try (RelpReceiver second = receiver(port)) {
        log(in, 51, 60);
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(sink.texts().subList(taken, sink.size()))
                        .as(rsyslog.log())
                        .containsAll(lines(1, 60)));
        assertThat(second.port()).isEqualTo(port);
      }
    }
  }

  @Test
  void givenSlowAnswersAndSmallWindow_whenOmrelpWaits_thenAllArrivesOnce() throws Exception {
    int in = Ports.free();
    sink.hold();
    try (RelpReceiver receiver = receiver(0);
        Rsyslogd rsyslog = sender(in, receiver.port(), "windowsize=\"16\"")) {
      log(in, 1, 100);
      await().atMost(PATIENCE).until(() -> sink.size() >= 16);
      await().during(Duration.ofMillis(300)).until(() -> sink.size() < 100);
      sink.release();
      await().atMost(PATIENCE).until(() -> sink.size() >= 100);

      assertThat(sink.texts()).as(rsyslog.log()).isEqualTo(lines(1, 100));
    }
  }

  @Test
  void givenImrelp_whenItRestarts_thenOurShipLosesNothing() throws Exception {
    int port = Ports.free();
    Path out = folder.resolve("out.log");
    Host host = new Host("p1", "boot-1", "m", "s", List.of("m1"), Path.of("/none"));
    Spool spool =
        Spool.open(
            new SpoolConfig(Path.of("/spool"), 16 << 20, Duration.ofDays(7)),
            host,
            Clock.system(),
            scheduler,
            executor,
            new ForgetfulFiles(1),
            meters);
    Ship ship =
        new Ship(
            ShipConfig.DEFAULTS.to(
                List.of(Target.parse("relp://127.0.0.1:" + port)), ShipTls.DEFAULTS),
            "vigie,test,x",
            spool,
            loops,
            executor,
            Clock.system(),
            scheduler,
            () -> {},
            meters);
    ship.start();
    try {
      events(spool, 1, 500);
      try (Rsyslogd rsyslog = imrelp(port, out)) {
        await()
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThat(spool.acknowledged()).as(rsyslog.log()).isEqualTo(500));
        events(spool, 501, 600);
        await().atMost(PATIENCE).until(() -> spool.acknowledged() == 600);
      }
      events(spool, 601, 700);
      try (Rsyslogd rsyslog = imrelp(port, out)) {
        await()
            .atMost(PATIENCE)
            .untilAsserted(() -> assertThat(spool.acknowledged()).as(rsyslog.log()).isEqualTo(700));
        ship.close();
      }
      assertThat(Files.readAllLines(out))
          .isEqualTo(
              IntStream.rangeClosed(1, 700)
                  .mapToObj(i -> "p1 vigie probe.down event \"" + i + "\"")
                  .toList());
    } finally {
      ship.close();
      spool.close();
    }
  }

  private Rsyslogd imrelp(int port, Path out) throws IOException {
    return Rsyslogd.start(
        folder,
        """
        module(load="imrelp")
        template(name="line" type="string" string="%%hostname%% %%app-name%% %%msgid%% %%msg%%\\n")
        input(type="imrelp" address="127.0.0.1" port="%d" ruleset="in")
        ruleset(name="in") {
          action(type="omfile" file="%s" template="line")
        }
        """
            .formatted(port, out));
  }

  private static void events(Spool spool, int from, int to) {
    for (int i = from; i <= to; i++) {
      spool.accept(
          new vigie.agent.event.Event(
              Instant.parse("2026-01-01T00:00:00Z"),
              Severity.ERROR,
              EventType.PROBE_DOWN,
              Map.of("reason", "expected \"ok\" [got] \\"),
              "event \"" + i + "\""));
    }
  }
}
