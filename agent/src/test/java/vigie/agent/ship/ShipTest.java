package vigie.agent.ship;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolConfig;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;

@Timeout(60)
class ShipTest {
  private final ManualClock clock = new ManualClock();
  private final ForgetfulFiles files = new ForgetfulFiles(1);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private final AtomicInteger connects = new AtomicInteger();
  private EventLoops loops;
  private RelpServer server;
  private Spool spool;
  private Ship ship;

  @BeforeEach
  void start() throws IOException {
    loops = EventLoops.nio(1, "test-ship");
    server = new RelpServer();
    Host host = new Host("p1", "boot-1", "m", "s", List.of("m1"), Path.of("/none"));
    spool =
        Spool.open(
            new SpoolConfig(Path.of("/spool"), 16 << 20, Duration.ofDays(7)),
            host,
            clock,
            clock,
            Runnable::run,
            files,
            meters);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    if (ship != null) {
      ship.close();
    }
    spool.close();
    loops.close();
    executor.shutdownNow();
  }

  private static ShipConfig window(int records, int bytes, int renewAt) {
    ShipConfig d = ShipConfig.DEFAULTS;
    return new ShipConfig(
        d.targets(),
        d.tls(),
        records,
        bytes,
        d.open(),
        d.noAnswer(),
        d.reconnectFirst(),
        d.reconnectMost(),
        renewAt,
        d.patience(),
        d.again());
  }

  private void ship(ShipConfig config) {
    ship(config, server.address());
  }

  private void ship(ShipConfig config, InetSocketAddress collector) {
    Target target = new Target(true, false, collector);
    ship(config.to(List.of(target), ShipTls.DEFAULTS), Lookup.SYSTEM);
  }

  private void ship(ShipConfig config, Lookup lookup) {
    ship =
        new Ship(
            config,
            "vigie,test,x",
            spool,
            loops,
            executor,
            clock,
            clock,
            connects::incrementAndGet,
            meters,
            lookup);
    ship.start();
  }

  private void events(int from, int to) {
    for (int i = from; i <= to; i++) {
      spool.accept(
          new Event(clock.now(), Severity.ERROR, EventType.PROBE_DOWN, Map.of(), "event " + i));
    }
  }

  private void expectEvents(int txnr, int from, int to) throws IOException {
    for (int i = from; i <= to; i++) {
      assertThat(server.readText(txnr + i - from)).isEqualTo("event " + i);
    }
  }

  private void awaitAcknowledged(long seq) {
    await().untilAsserted(() -> assertThat(spool.acknowledged()).isEqualTo(seq));
  }

  private double failures(String reason) {
    Counter counter = meters.find("vigie.ship.failures").tag("reason", reason).counter();
    return counter == null ? 0 : counter.count();
  }

  /** Waits until the session's end is noticed, then lets the pause before the next connect pass. */
  private void reconnect(String reason, int failures) throws IOException {
    await().until(() -> failures(reason) >= failures);
    server.acceptAndOpenAfter(() -> clock.advance(Duration.ofMillis(250)));
  }

  @Test
  void givenEvents_whenShipped_thenInOrderAndAcknowledgedOnAnswer() throws IOException {
    events(1, 3);
    ship(ShipConfig.DEFAULTS);

    assertThat(server.accept())
        .isEqualTo("relp_version=0\nrelp_software=vigie,test,x\ncommands=syslog");
    server.rsp(1, RelpServer.OPENED);
    expectEvents(2, 1, 3);
    assertThat(ship.isConnected()).isFalse();
    server.ok(2);
    awaitAcknowledged(1);
    server.send("3 rsp 6 200 OK\n4 rsp 6 200 OK\n");
    awaitAcknowledged(3);

    events(4, 4);
    expectEvents(5, 4, 4);
    server.ok(5);
    awaitAcknowledged(4);
    assertThat(ship.isConnected()).isTrue();
    assertThat(connects).hasValue(1);
  }

  @Test
  void givenNothingToSend_whenOpened_thenConnected() throws IOException {
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();

    await().until(ship::isConnected);
    await().untilAsserted(() -> assertThat(connects).hasValue(1));
  }

  @Test
  void givenFullWindow_whenAnswersCome_thenItGoesOnAsFarAsTheyReach() throws IOException {
    events(1, 20);
    ship(window(8, 1 << 20, 1000));
    server.acceptAndOpen();

    expectEvents(2, 1, 8);
    server.send("2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n");
    expectEvents(10, 9, 11);
    server.send("6 rsp 6 200 OK\n5 rsp 6 200 OK\n");
    expectEvents(13, 12, 13);
    awaitAcknowledged(5);
  }

  @Test
  void givenWindowOfBytes_whenFull_thenNoMoreIsSentButOneAlwaysIs() throws IOException {
    events(1, 3);
    ship(window(100, 1, 1000));
    server.acceptAndOpen();

    expectEvents(2, 1, 1);
    server.ok(2);
    expectEvents(3, 2, 2);
  }

  @Test
  void givenLinkLost_whenConnectedAgain_thenTheUnansweredAreSentAgainInOrder() throws IOException {
    events(1, 5);
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();
    expectEvents(2, 1, 5);
    server.ok(2);
    awaitAcknowledged(1);
    server.hangUp();
    reconnect("closed", 1);
    expectEvents(2, 2, 5);
    server.send("5 rsp 6 200 OK\n4 rsp 6 200 OK\n3 rsp 6 200 OK\n2 rsp 6 200 OK\n");
    awaitAcknowledged(5);
    await().untilAsserted(() -> assertThat(connects).hasValue(2));
  }

  @Test
  void givenServerclose_whenRead_thenTheSessionIsTakenUpAgain() throws IOException {
    events(1, 1);
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();
    expectEvents(2, 1, 1);
    server.send("0 serverclose 0\n");
    assertThat(server.read()).isNull();
    reconnect("closed", 1);
    expectEvents(2, 1, 1);
  }

  @Test
  void givenNoAnswer_whenTimeIsUp_thenClosedAndSentAgain() throws IOException {
    events(1, 2);
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();
    expectEvents(2, 1, 2);
    server.ok(2);
    awaitAcknowledged(1);
    clock.advance(Duration.ofSeconds(59));
    assertThat(failures("timeout")).isZero();
    await()
        .until(
            () -> {
              clock.advance(Duration.ofSeconds(2));
              return failures("timeout") == 1;
            });
    assertThat(server.read()).isNull();
    reconnect("timeout", 1);
    expectEvents(2, 2, 2);
  }

  @Test
  void givenNoAnswerToOpen_whenTimeIsUp_thenTriedAgain() throws IOException {
    ship(ShipConfig.DEFAULTS);
    server.accept();
    await()
        .until(
            () -> {
              clock.advance(Duration.ofSeconds(2));
              return failures("timeout") == 1;
            });
    reconnect("timeout", 1);
    await().until(ship::isConnected);
  }

  @Test
  void givenQuietSession_whenHoursPass_thenItStays() throws IOException {
    events(1, 1);
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();
    expectEvents(2, 1, 1);
    server.ok(2);
    awaitAcknowledged(1);
    clock.advance(Duration.ofHours(5));

    events(2, 2);
    expectEvents(3, 2, 2);
    assertThat(failures("timeout")).isZero();
  }

  @Test
  void givenRecordAnswered500_whenRead_thenKeptAndTriedAgainWithGrowingPauses() throws IOException {
    events(1, 2);
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();
    for (int round = 1; round <= 3; round++) {
      expectEvents(2, 1, 2);
      server.send("2 rsp 9 500 never\n");
      assertThat(server.read()).isNull();
      reconnect("refused", round);
    }
    assertThat(spool.acknowledged()).isZero();
    assertThat(ship.isConnected()).isFalse();

    expectEvents(2, 1, 2);
    server.send("2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
    awaitAcknowledged(2);
    assertThat(connects).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1 rsp 6 500 no\n",
        "1 rsp 6 200 OK\n",
        "1 rsp 22 200 OK\ncommands=evntlog\n",
        "1 rsp 2 OK\n",
        "7 rsp 6 200 OK\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "1 rsp 9999999 200 OK",
        "2 syslog 1 x\n",
        "0 serverclose 0\n"
      })
  void givenBadAnswerToOpen_whenRead_thenClosedAndTriedAgain(String answer) throws IOException {
    events(1, 1);
    ship(ShipConfig.DEFAULTS);
    server.accept();
    server.send(answer);
    assertThat(server.read()).isNull();
    await().until(() -> failures("refused") + failures("protocol") + failures("closed") == 1);

    server.acceptAndOpenAfter(() -> clock.advance(Duration.ofMillis(250)));
    expectEvents(2, 1, 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2 rsp 6 200 OK\n2 rsp 6 200 OK\n",
        "4 rsp 6 200 OK\n",
        "1 rsp 6 200 OK\n",
        "2 rsp 3 abc\n",
        "2 rsp x\n"
      })
  void givenAnswerThatIsNotDue_whenRead_thenClosedAndTheRestSentAgain(String answer)
      throws IOException {
    events(1, 2);
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();
    expectEvents(2, 1, 2);
    server.send(answer);
    assertThat(server.read()).isNull();
    reconnect("protocol", 1);
    assertThat(server.readText(2)).isEqualTo("event " + (spool.acknowledged() + 1));
  }

  @Test
  void givenNobodyListens_whenTimePasses_thenTriedWithGrowingPausesUntilSomebodyDoes()
      throws IOException {
    int port = server.port();
    server.close();
    events(1, 1);
    ship(ShipConfig.DEFAULTS, InetSocketAddress.createUnresolved("127.0.0.1", port));
    for (int i = 1; i <= 8; i++) {
      int tries = i;
      await()
          .until(
              () -> {
                clock.advance(Duration.ofSeconds(15));
                return failures("connect") >= tries;
              });
    }
    double tries = failures("connect");
    clock.advance(Duration.ofSeconds(14)); // the pause is 15 to 30 s by now
    assertThat(failures("connect")).isLessThanOrEqualTo(tries + 1);

    server = new RelpServer(port);
    server.acceptAndOpenAfter(() -> clock.advance(Duration.ofSeconds(1)));
    expectEvents(2, 1, 1);
  }

  @Test
  void givenTxnrNearItsEnd_whenReached_thenTheSessionIsRenewedWithoutLossOrPause()
      throws IOException {
    events(1, 6);
    ship(window(128, 1 << 20, 4));
    server.acceptAndOpen();
    expectEvents(2, 1, 3);
    server.send("2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
    server.ok(4);
    assertThat(server.read()).isEqualTo(new RelpServer.Frame(5, "close", ""));
    server.send("5 rsp 0\n0 serverclose 0\n");

    server.acceptAndOpen();
    expectEvents(2, 4, 6);
    assertThat(failures("closed")).isZero();
  }

  @Test
  void givenUnsentEvents_whenClosed_thenSentAnsweredAndTheSessionClosed() throws Exception {
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();
    await().until(ship::isConnected);
    events(1, 1);
    Thread closing = new Thread(() -> ship.close());
    closing.start();
    expectEvents(2, 1, 1);
    server.ok(2);
    assertThat(server.read()).isEqualTo(new RelpServer.Frame(3, "close", ""));
    server.ok(3);
    assertThat(server.read()).isNull();
    closing.join(20_000);

    assertThat(closing.isAlive()).isFalse();
    assertThat(spool.acknowledged()).isEqualTo(1);
  }

  @Test
  void givenServerThatDoesNotAnswer_whenClosed_thenGivenUpAfterTwoSecondsAndKept()
      throws IOException {
    events(1, 1);
    ship(ShipConfig.DEFAULTS);
    server.acceptAndOpen();
    expectEvents(2, 1, 1);
    ship.close();

    assertThat(server.read()).isNull();
    assertThat(spool.acknowledged()).isZero();
  }

  @Test
  void givenRecordOutsideTheSpool_whenTold_thenSentOnceAndNothingIsAcknowledged()
      throws IOException {
    byte[] told =
        spool.unspooled(
            new Event(clock.now(), Severity.ERROR, EventType.PROBE_UP, Map.of(), "still up"));
    ship(ShipConfig.DEFAULTS);
    ship.tell(told);
    server.acceptAndOpen();
    await().until(ship::isConnected);
    ship.tell(told);
    assertThat(server.readText(2)).isEqualTo("still up");
    events(1, 1);
    expectEvents(3, 1, 1);
    server.send("2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
    awaitAcknowledged(1);
  }

  @Test
  void givenMoreStatesThanTheWindowHolds_whenTold_thenAllAreSentAsAnswersCome() throws IOException {
    ship(window(4, 1 << 20, 1000));
    server.acceptAndOpen();
    await().until(ship::isConnected);
    for (int i = 1; i <= 6; i++) {
      ship.tell(
          spool.unspooled(
              new Event(clock.now(), Severity.NOTICE, EventType.PROBE_UP, Map.of(), "state " + i)));
    }
    for (int i = 1; i <= 6; i++) {
      assertThat(server.readText(1 + i)).isEqualTo("state " + i);
      server.ok(1 + i);
    }
  }

  @Test
  void givenNameWithSeveralAddresses_whenTheFirstIsDead_thenTheNextIsTried() throws IOException {
    InetAddress dead = InetAddress.getByName("127.0.0.2");
    InetAddress alive = InetAddress.getByName("127.0.0.1");
    ship(
        ShipConfig.DEFAULTS.to(
            List.of(Target.parse("relp://collector.example:" + server.port())), ShipTls.DEFAULTS),
        host -> new InetAddress[] {dead, alive});
    reconnect("connect", 1);
    await().until(ship::isConnected);
  }

  @Test
  void givenTimeAway_whenPausing_thenAtMostHalfOfIt() {
    ship(ShipConfig.DEFAULTS);
    assertThat(ship.pauseNanos(0)).isEqualTo(Duration.ofMillis(500).toNanos());
    assertThat(ship.pauseNanos(Duration.ofSeconds(5).toNanos()))
        .isEqualTo(Duration.ofMillis(2500).toNanos());
    assertThat(ship.pauseNanos(Duration.ofDays(9).toNanos()))
        .isEqualTo(Duration.ofSeconds(30).toNanos());
  }
}
