package vigie.collector.receive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.base.net.Ports;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.base.time.ManualClock;
import vigie.collector.receive.relp.BadLink;
import vigie.collector.receive.relp.BadLink.Harm;

/** Routes that forward by TCP, over links that break; the forwarder's time is the test's. */
@Timeout(180)
class ForwarderTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int PRI = 28;

  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final EventLoops loops = EventLoops.nio(1, "test-forward");
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> taken = new CopyOnWriteArrayList<>();
  private final List<Socket> connections = new CopyOnWriteArrayList<>();
  private final ServerSocket receiver;
  private final SyslogRouter router;

  ForwarderTest() throws IOException {
    receiver = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    router = new SyslogRouter(loops, clock, ReceiveLimits.DEFAULTS, meters, () -> {});
    threads.execute(this::accept);
  }

  @AfterEach
  void stop() throws IOException {
    router.close();
    loops.close();
    receiver.close();
    for (Socket each : connections) {
      each.close();
    }
    threads.shutdownNow();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = receiver.accept();
        connections.add(socket);
        threads.execute(() -> take(socket));
      }
    } catch (IOException closed) {
      // the end of the test
    }
  }

  /** Octet-counted frames, whole ones. */
  private void take(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      while (true) {
        int length = 0;
        for (int c = in.read(); c != ' '; c = in.read()) {
          if (c < 0) {
            throw new EOFException();
          }
          length = length * 10 + c - '0';
        }
        byte[] record = in.readNBytes(length);
        if (record.length == length) {
          taken.add(new String(record, UTF_8));
        }
      }
    } catch (IOException broken) {
      // the next one is taken likewise
    }
  }

  private void route(int port) {
    Faults faults = new Faults();
    String yaml =
        "syslog_routes: [{selector: '*.*', to: forward, target: 'syslog://127.0.0.1:%d'}]\n";
    router.routes(
        SyslogRoutes.read(Yaml.parse(Path.of("c.yaml"), yaml.formatted(port), Map.of(), faults)));
    assertThat(faults.all()).isEmpty();
  }

  @Test
  void givenOtherCertificatesForATarget_whenReloaded_thenWhatWaitsGoesOnWaiting() throws Exception {
    try (ServerSocket held = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      secure(held.getLocalPort(), "one.example");
      send(1, 3);
      double waiting = waitingBytes();
      secure(held.getLocalPort(), "other.example");
      assertThat(waiting).isPositive();
      assertThat(waitingBytes()).isEqualTo(waiting);
      assertThat(meters.find("vigie.syslog.forward.queue.bytes").gauges()).hasSize(1);
    }
  }

  @Test
  void givenMoreThanMayWait_whenForwarded_thenItsLimitIsCounted() throws Exception {
    Receiving receiving =
        new Receiving(
            ReceiveLimits.DEFAULTS.with(Limit.FORWARD_BYTES, 15),
            new HeldSink(),
            Runnable::run,
            loops,
            clock,
            clock,
            meters);
    Faults faults = new Faults();
    String yaml =
        "syslog_routes: [{selector: '*.*', to: forward, target: 'syslog://127.0.0.1:%d'}]\n";
    receiving
        .router()
        .routes(
            SyslogRoutes.read(
                Yaml.parse(Path.of("c.yaml"), yaml.formatted(Ports.refusing()), Map.of(), faults)));
    for (String record : records(1, 3)) {
      receiving.router().route(message(record));
    }
    assertThat(receiving.meters().hits(Limit.FORWARD_BYTES)).isEqualTo(2);
    receiving.router().close();
  }

  private double waitingBytes() {
    return meters.get("vigie.syslog.forward.queue.bytes").gauge().value();
  }

  private void secure(int port, String name) {
    Faults faults = new Faults();
    String yaml =
        "syslog_routes: [{selector: '*.*', to: forward, target: 'syslog+tls://127.0.0.1:%d',"
            + " tls_config: {server_name: %s}}]\n";
    router.routes(
        SyslogRoutes.read(
            Yaml.parse(Path.of("c.yaml"), yaml.formatted(port, name), Map.of(), faults)));
    assertThat(faults.all()).isEmpty();
  }

  private static SyslogMessage message(String record) {
    byte[] bytes = record.getBytes(UTF_8);
    return Objects.requireNonNull(new SyslogParser(ZoneOffset.UTC).parse(bytes, Instant.EPOCH));
  }

  private void send(int from, int to) {
    for (String record : records(from, to)) {
      router.route(message(record));
    }
  }

  private static List<String> records(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> "<28>line " + i).toList();
  }

  /** Lets the forwarder's time run, five times as fast as ours, until all these are there. */
  private void awaitTaken(List<String> wanted) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              clock.advance(Duration.ofMillis(100));
              return taken.containsAll(wanted);
            });
  }

  private double count(String name) {
    return meters.get("vigie.syslog.forward." + name).counter().count();
  }

  @Test
  void givenLinkThatIsCutAgainAndAgain_whenForwarded_thenNothingIsLost() throws Exception {
    long seed = System.nanoTime();
    List<Harm> harms = List.of(Harm.CUT, Harm.DELAY);
    try (BadLink link = new BadLink(receiver.getLocalPort(), harms, 8, true, seed, threads)) {
      route(link.port());
      int sent = 0;
      while (link.count(Harm.CUT) < 2 || link.count(Harm.DELAY) < 1) {
        send(sent + 1, sent + 500);
        sent += 500;
        awaitTaken(records(sent, sent));
      }
      awaitTaken(records(1, sent));
      assertThat(new LinkedHashSet<>(taken))
          .as("seed %d", seed)
          .containsExactlyElementsOf(records(1, sent));
      assertThat(count("dropped")).isZero();
      assertThat(count("failures")).isPositive();
    }
  }

  @Test
  void givenConnectionThatBreaks_whenItLivedOnForLong_thenOnlyTheLastSecondsAreSentAgain()
      throws Exception {
    route(receiver.getLocalPort());
    send(1, 10);
    awaitTaken(records(1, 10));
    clock.advance(Forwarder.HELD.multipliedBy(2));
    send(11, 20);
    awaitTaken(records(11, 20));
    connections.get(0).close();
    await().atMost(PATIENCE).until(() -> count("failures") == 1);
    send(21, 30);
    awaitTaken(records(21, 30));

    assertThat(taken.subList(0, 20)).isEqualTo(records(1, 20));
    assertThat(taken.subList(20, taken.size())).isEqualTo(records(11, 30));
    assertThat(count("sent")).isEqualTo(40);
  }

  @Test
  void givenStorm_whenItsConnectionBreaks_thenAsMuchIsSentAgainAsMayWait() throws Exception {
    route(receiver.getLocalPort());
    send(1, 1);
    awaitTaken(records(1, 1));
    String record = "<28>" + "x".repeat(60_000);
    for (int i = 0; i < 400; i++) { // 24 MB within the forwarder's five seconds
      router.route(message(record));
      int wanted = i + 2;
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> taken.size() >= wanted);
    }
    taken.clear();
    connections.get(0).close();
    await().atMost(PATIENCE).until(() -> count("failures") == 1);
    send(2, 2);
    awaitTaken(records(2, 2));
    // 4 MiB, in records of 60 KB
    assertThat(taken.size()).isBetween(60, 75);
  }
}
