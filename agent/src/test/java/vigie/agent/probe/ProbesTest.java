package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.net.Ports;
import vigie.base.time.ManualClock;
import vigie.base.time.Scheduler;

/** Probes of a real port of this host, with time and telling in the test's hands. */
class ProbesTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private final ManualClock clock = new ManualClock();
  private final EventLoops loops = EventLoops.nio(1, "test-probes");
  private final ExecutorService lookups = Executors.newCachedThreadPool();
  private final List<Event> told = new ArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private boolean diskFull;
  private Probes probes;
  private ServerSocket service;
  private int port;

  @BeforeEach
  void open() throws IOException {
    // Telling runs at once on the thread that tells, so that nothing but the socket is awaited.
    probes =
        new Probes(
            new ProbeTools(Roots.HOST, clock, clock, loops, Lookup.SYSTEM, lookups, lookups),
            this::accept,
            Runnable::run,
            meters);
    service = new ServerSocket(Ports.free(), 50, LOOPBACK);
    port = service.getLocalPort();
  }

  private synchronized void accept(Event event) {
    if (diskFull) {
      throw new UncheckedIOException(new IOException("No space left on device"));
    }
    told.add(event);
  }

  @AfterEach
  void close() throws IOException {
    probes.close();
    service.close();
    loops.close();
    lookups.shutdownNow();
  }

  @Test
  void givenNoProbes_whenConfigured_thenNothingWakesTheNode() {
    List<Duration> periods = new ArrayList<>();
    Scheduler counting =
        new Scheduler() {
          @Override
          public Task after(Duration delay, Runnable task) {
            return clock.after(delay, task);
          }

          @Override
          public Task every(Duration initial, Duration period, Runnable task) {
            periods.add(period);
            Task begun = clock.every(initial, period, task);
            return () -> {
              periods.remove(period);
              begun.cancel();
            };
          }
        };
    ProbeTools tools =
        new ProbeTools(Roots.HOST, clock, counting, loops, Lookup.SYSTEM, lookups, lookups);
    try (Probes idle = new Probes(tools, this::accept, Runnable::run, new SimpleMeterRegistry())) {
      idle.configure(List.of());
      assertThat(periods).isEmpty();
      idle.configure(List.of(probe("calculatrice", port, Duration.ofSeconds(5))));
      assertThat(periods).isNotEmpty();
      idle.configure(List.of());
      assertThat(periods).isEmpty();
    }
  }

  @Test
  void givenANeighbour_whenItIsGoneTwice_thenTheEventNamesIt() throws IOException {
    Section top =
        Yaml.parse(
            Path.of("agent.yaml"),
            "peers: [{name: p2, tcp: '127.0.0.1:" + port + "'}]",
            Map.of(),
            new Faults());
    probes.configure(Peers.readAll(top, "p1"));
    advance(Duration.ofSeconds(10));
    awaitState(true);
    service.close();
    await()
        .until(
            () -> {
              clock.advance(Duration.ofSeconds(10));
              synchronized (this) {
                return told.stream().anyMatch(e -> e.type() == EventType.PROBE_DOWN);
              }
            });
    assertThat(told)
        .allSatisfy(event -> assertThat(event.fields()).containsEntry("peer", "p2"))
        .allSatisfy(event -> assertThat(event.fields()).containsEntry("probe", "peer/p2"));
  }

  @Test
  void givenListeningService_whenItStopsAndStarts_thenOneEventForEachChange() throws IOException {
    configure("calculatrice", port);
    advance(Duration.ofSeconds(5));
    awaitState(true);
    service.close();
    advance(Duration.ofSeconds(5));
    awaitState(false);
    advance(Duration.ofSeconds(5));
    awaitRuns(3);
    service = new ServerSocket(port, 50, LOOPBACK);
    advance(Duration.ofSeconds(5));
    awaitState(true);

    assertThat(told)
        .extracting(e -> e.type().wire())
        .containsExactly("probe.up", "probe.down", "probe.up");
    assertThat(told.get(0).fields())
        .containsEntry("probe", "calculatrice")
        .containsEntry("target", "127.0.0.1:" + port)
        .containsEntry("told", "start");
    assertThat(told.get(1).fields())
        .containsEntry("reason", "connection refused")
        .containsKey("lasted")
        .doesNotContainKey("told");
    assertThat(told.get(1).text())
        .startsWith(
            "calculatrice 127.0.0.1:" + port + " is down: connection refused; it was up for ");
    assertThat(told.get(2).text()).contains(" is up again after ");
  }

  @Test
  void givenProbeThatWasNeverUp_whenDown_thenTheEventSaysWhatListensInstead() throws IOException {
    configure("calculatrice", Ports.refusing());
    advance(Duration.ofMillis(300)); // Less than a hint may take.
    awaitState(false);
    assertThat(told.get(0).text())
        .contains("never up since the agent started; nothing listens on 127.0.0.1:");
  }

  @Test
  void givenListenerThatVanishes_whenASecondLater_thenProbedAtOnce() throws IOException {
    probes.configure(List.of(probe("p", port, Duration.ofHours(1))));
    advance(Duration.ofMillis(500));
    awaitState(true);
    advance(Duration.ofSeconds(2));
    service.close();
    advance(Duration.ofSeconds(1));
    awaitState(false);
    service = new ServerSocket(port, 50, LOOPBACK);
    advance(Duration.ofSeconds(1));
    awaitState(true);
  }

  @Test
  void givenReconnect_whenToldAgain_thenStateWithItsBeginningAndTheTimeOfNow() {
    probes.configure(List.of(probe("p", port, Duration.ofHours(1))));
    advance(Duration.ofSeconds(5));
    awaitState(true);
    advance(Duration.ofMinutes(10));
    probes.tellAll();
    Event again = told.get(1);
    assertThat(again.time()).isEqualTo(clock.now());
    assertThat(again.type()).isEqualTo(EventType.PROBE_UP);
    assertThat(again.fields())
        .containsEntry("told", "reconnect")
        .containsEntry("since", told.get(0).time().toString());
    assertThat(probes.statesNow())
        .singleElement()
        .satisfies(
            state -> {
              assertThat(state.type()).isEqualTo(EventType.PROBE_UP);
              assertThat(state.fields()).containsEntry("told", "hourly");
            });
    assertThat(told).hasSize(2);
  }

  @Test
  void givenFullDisk_whenStateChangesTwice_thenTheNewestIsToldOnceThereIsRoom() throws IOException {
    configure("p", port);
    diskFull = true;
    advance(Duration.ofSeconds(5));
    awaitState(true);
    service.close();
    advance(Duration.ofSeconds(5));
    awaitState(false);
    advance(Duration.ofSeconds(20));
    assertThat(told).isEmpty();
    diskFull = false;
    advance(Duration.ofSeconds(5));
    assertThat(told).extracting(Event::type).containsExactly(EventType.PROBE_DOWN);
    assertThat(meters.get("vigie.probe.events.dropped").tag("reason", "superseded").counter())
        .satisfies(c -> assertThat(c.count()).isEqualTo(1));
  }

  @Test
  void givenBlackHole_whenTurnsComeDuringARun_thenTheyAreSkipped() throws IOException {
    ServerSocket full = new ServerSocket(0, 1, LOOPBACK);
    List<java.net.Socket> fillers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      fillers.add(new java.net.Socket(LOOPBACK, full.getLocalPort()));
    }
    probes.configure(
        List.of(
            new ProbeConfig(
                "p",
                TcpModule.CONNECT,
                target(full.getLocalPort()),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                Damping.NONE)));
    advance(Duration.ofMillis(9500));
    assertThat(meters.get("vigie.probe.turns.skipped").counter().count()).isEqualTo(9);
    assertThat(meters.get("vigie.probe.runs").counter().count()).isZero();
    for (java.net.Socket filler : fillers) {
      filler.close();
    }
    full.close();
  }

  @Test
  void givenReload_whenNothingChangedForAProbe_thenItKeepsItsState() {
    configure("p", port);
    advance(Duration.ofSeconds(5));
    awaitState(true);
    probes.configure(
        List.of(probe("p", port, Duration.ofSeconds(5)), probe("q", port, Duration.ofSeconds(5))));
    assertThat(probes.statuses()).extracting(ProbeStatus::isUp).containsExactly(true, false);
  }

  @Test
  void givenReload_whenADownProbeIsGone_thenItIsToldAsNoLongerWatched() throws IOException {
    configure("p", Ports.refusing());
    advance(Duration.ofSeconds(5));
    awaitState(false);
    probes.configure(List.of());
    assertThat(told).hasSize(2);
    assertThat(told.get(1).type()).isEqualTo(EventType.PROBE_UP);
    assertThat(told.get(1).text()).endsWith(" is no longer watched");
    assertThat(probes.statuses()).isEmpty();
  }

  @Test
  void givenFirstRunTimesOut_whenTheSecondIsUp_thenNothingIsToldOfTheFirst() throws Exception {
    probes.configure(List.of(expecting("ready")));
    try (Socket first = nextConnection();
        Socket second = nextConnection()) {
      second.getOutputStream().write("ready\n".getBytes(StandardCharsets.US_ASCII));
      awaitState(true);
    }
    awaitTold(EventType.PROBE_UP);
  }

  @Test
  void givenBothFirstRunsTimeOut_whenTheSecondHas_thenItIsToldDownOnce() throws Exception {
    probes.configure(List.of(expecting("ready")));
    try (Socket first = nextConnection();
        Socket second = nextConnection()) {
      await()
          .until(
              () -> {
                advance(Duration.ofSeconds(1));
                return probes.statuses().get(0).last() != null;
              });
    }
    awaitTold(EventType.PROBE_DOWN);
  }

  /** A state is shown a moment before it is told. */
  private void awaitTold(EventType only) {
    await()
        .untilAsserted(
            () -> {
              synchronized (this) {
                assertThat(told).extracting(Event::type).containsExactly(only);
              }
            });
  }

  private ProbeConfig expecting(String banner) {
    return new ProbeConfig(
        "p",
        ProbeHarness.module("tcp", "{expect: '" + banner + "'}"),
        target(port),
        Duration.ofHours(1),
        Duration.ofSeconds(2),
        Damping.NONE);
  }

  /**
   * The next run's connection; time goes on until it is there, but never past the timeout of a run
   * that has not got to connect yet.
   */
  private Socket nextConnection() throws IOException {
    service.setSoTimeout(100);
    for (int tries = 0; tries < 100; tries++) {
      try {
        return service.accept();
      } catch (SocketTimeoutException notYet) {
        advance(Duration.ofSeconds(1));
        loops.group().submit(() -> {}).syncUninterruptibly();
      }
    }
    throw new AssertionError("no run came");
  }

  private void configure(String name, int toPort) {
    probes.configure(List.of(probe(name, toPort, Duration.ofSeconds(5))));
  }

  /** The timeout is longer than a test advances while a run on the real socket may be under way. */
  private static ProbeConfig probe(String name, int port, Duration every) {
    return new ProbeConfig(
        name, TcpModule.CONNECT, target(port), every, Duration.ofMinutes(1), Damping.NONE);
  }

  private void advance(Duration by) {
    clock.advance(by);
  }

  private void awaitState(boolean up) {
    await()
        .untilAsserted(
            () -> {
              ProbeStatus status = probes.statuses().get(0);
              assertThat(status.last()).isNotNull();
              assertThat(status.isUp()).isEqualTo(up);
            });
  }

  private void awaitRuns(int least) {
    await().until(() -> meters.get("vigie.probe.runs").counter().count() >= least);
  }

  private static String target(int port) {
    return "127.0.0.1:" + port;
  }
}
