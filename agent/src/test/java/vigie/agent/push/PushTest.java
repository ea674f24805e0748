package vigie.agent.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.metric.EachSeries;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.http.HttpClient;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.remotewrite.WriteReader;
import vigie.base.segment.FileLayer;
import vigie.base.time.ManualClock;

class PushTest {
  private static final Duration EVERY = Duration.ofSeconds(15);
  private static final long STALE = 0x7ff0000000000002L;

  @TempDir Path folder;
  private final EventLoops loops = EventLoops.nio(1, "test-push");
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private volatile List<String> devices = List.of("sda");
  private int round;
  private WriteServer server;
  private Push push;

  @BeforeEach
  void listen() throws IOException {
    registry.register((MultiCollector) this::collect);
    server = new WriteServer(0);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    if (push != null) {
      push.close();
    }
    thread.shutdownNow();
    loops.close();
  }

  private synchronized MetricSnapshots collect() {
    round++;
    List<GaugeDataPointSnapshot> points = new ArrayList<>();
    for (String device : devices) {
      points.add(new GaugeDataPointSnapshot(round, Labels.of("device", device), null));
    }
    return MetricSnapshots.of(
        GaugeSnapshot.builder().name("round").dataPoint(point(round)).build(),
        new GaugeSnapshot(
            new io.prometheus.metrics.model.snapshots.MetricMetadata("disk"), points));
  }

  private static GaugeDataPointSnapshot point(double value) {
    return new GaugeDataPointSnapshot(value, Labels.EMPTY, null);
  }

  private void start(String more) {
    Faults faults = new Faults();
    String text = "push:\n  url: http://127.0.0.1:" + server.port() + "/write?a=b\n" + more;
    PushConfig config =
        PushConfig.read(Yaml.parse(folder.resolve("agent.yaml"), text, Map.of(), faults));
    faults.throwIfAny();
    HttpClient client =
        new HttpClient(
            loops, Runnable::run, Lookup.SYSTEM, config.url(), config.tls(), config.timeout());
    push =
        new Push(
            config,
            "p1",
            "test",
            make -> new EachSeries<>(registry, make),
            client,
            thread,
            FileLayer.disk(),
            clock,
            clock,
            meters);
    push.start();
  }

  /** Time goes by, and what it makes due is done. */
  private void pass(Duration time) throws Exception {
    clock.advance(time);
    settle();
  }

  private void settle() throws Exception {
    thread.submit(() -> {}).get(60, TimeUnit.SECONDS);
  }

  private double count(String name, String... tags) {
    var counter = meters.find(name).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }

  private static boolean isStale(double value) {
    return Double.doubleToRawLongBits(value) == STALE;
  }

  @Test
  void givenSeries_whenPushed_thenTheyCarryWhoTheyAreOf() throws Exception {
    Files.writeString(folder.resolve("password"), "secret\n");
    start(
        "  labels: {job: node, site: \"7\", device: never}\n  headers: {X-Scope-OrgID: club}\n"
            + "  basic_auth: {username: p1, password_file: password}\n");
    pass(EVERY);
    await().until(() -> server.series().size() >= 2);
    assertThat(server.series().get(0).labels())
        .containsExactly(
            "__name__",
            "disk",
            "device",
            "sda",
            "instance",
            "p1",
            "job",
            "node",
            "node",
            "p1",
            "site",
            "7");
    assertThat(server.series().get(0).timestampsMillis()[0]).isLessThanOrEqualTo(clock.millis());
    assertThat(server.heads.get(0))
        .startsWith("post /write?a=b http/1.1\r\n")
        .contains("authorization: basic cde6c2vjcmv0\r\n")
        .contains("x-scope-orgid: club\r\n")
        .contains("content-encoding: snappy\r\n")
        .contains("content-type: application/x-protobuf\r\n")
        .contains("x-prometheus-remote-write-version: 0.1.0\r\n");
  }

  @Test
  void givenSeriesThatGoes_whenPushed_thenAStaleMarkerAndAtTheEndForAll() throws Exception {
    devices = List.of("sda", "sdb");
    start("");
    pass(EVERY);
    await().until(() -> server.taken.size() == 1);
    devices = List.of("sda");
    pass(EVERY);
    await().until(() -> server.taken.size() == 2);
    List<WriteReader.Series<List<String>>> second = server.taken.get(1).series();
    assertThat(second).hasSize(3);
    assertThat(second.get(2).labels()).contains("sdb");
    assertThat(isStale(second.get(2).values()[0])).isTrue();
    clock.advance(Duration.ofSeconds(1));
    push.close();
    List<WriteReader.Series<List<String>>> last =
        server.taken.get(server.taken.size() - 1).series();
    assertThat(last).hasSize(2).allMatch(one -> isStale(one.values()[0]));
  }

  @Test
  void givenStopInTheMillisecondOfAReading_whenClosed_thenAllAreMarkedAsEndedAllTheSame()
      throws Exception {
    start("");
    pass(EVERY);
    await().until(() -> server.taken.size() == 1);
    push.close();
    List<WriteReader.Series<List<String>>> last =
        server.taken.get(server.taken.size() - 1).series();
    assertThat(last).hasSize(2).allMatch(one -> isStale(one.values()[0]));
  }

  @Test
  void givenFaultyServer_whenPushed_thenAllArriveInOrderButWhatItRefused() throws Exception {
    server.script(
        WriteServer.answer(429, "retry-after: 40\r\n", "slow down"),
        WriteServer.answer(500, "", "broken"),
        WriteServer.HANG,
        WriteServer.answer(200, "", "x".repeat(1000)).substring(0, 300).replace(" 200", " 503"),
        WriteServer.OK,
        WriteServer.answer(400, "", "out of order sample\nmore"),
        WriteServer.OK);
    start("  timeout: 3s\n");
    pass(EVERY);
    await().until(() -> server.requests() == 1);
    settle();
    await().until(() -> count("vigie.push.retries", "reason", "429") == 1);
    for (int i = 0; i < 39; i++) {
      pass(Duration.ofSeconds(1));
    }
    assertThat(server.requests()).as("Retry-After is honoured").isEqualTo(1);
    await()
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              pass(Duration.ofMillis(500));
              return server.taken.size() >= 4;
            });
    assertThat(count("vigie.push.retries", "reason", "500")).isEqualTo(1);
    assertThat(count("vigie.push.retries", "reason", "connection")).isGreaterThanOrEqualTo(2);
    assertThat(count("vigie.push.dropped", "reason", "rejected")).isEqualTo(2);
    List<Double> rounds = server.values("round");
    List<Double> wanted =
        IntStream.rangeClosed(1, rounds.size() + 1).mapToObj(i -> (double) i).toList();
    List<Double> without = new ArrayList<>(wanted);
    without.remove(2.0); // the one that 400 was said to
    assertThat(rounds).isEqualTo(without);
    long last = Long.MIN_VALUE;
    for (WriteReader.Request<List<String>> request : server.taken) {
      assertThat(request.series().get(0).timestampsMillis()[0]).isGreaterThan(last);
      last = request.series().get(0).timestampsMillis()[0];
    }
  }

  @Test
  void givenServerThatIsAway_whenItComesBack_thenTheLastHourAndNoMore() throws Exception {
    int port = server.port();
    start("");
    server.close();
    for (int i = 0; i < 5 * 60; i++) {
      pass(EVERY);
    }
    await().until(() -> count("vigie.push.retries", "reason", "connection") > 0);
    int rounds = round;
    server = new WriteServer(port);
    await()
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              pass(Duration.ofSeconds(1));
              return server.values("round").contains((double) rounds);
            });
    List<Double> values = server.values("round");
    assertThat(values).startsWith(values.get(0), values.get(0) + 1, values.get(0) + 2);
    assertThat(values.size()).isBetween(225, 260);
    assertThat(count("vigie.push.dropped", "reason", "age")).isEqualTo(2 * (values.get(0) - 1));
  }

  @Test
  void givenManySeriesAndNoServer_whenTimePasses_thenMemoryStaysWithinItsBound() throws Exception {
    devices = IntStream.range(0, 2000).mapToObj(i -> "device" + i).toList();
    start("  max_bytes: 1MiB\n");
    server.close();
    for (int i = 0; i < 100; i++) {
      // Devices come and go, so that labels are not all shared.
      int shift = i * 10;
      devices = IntStream.range(shift, shift + 2000).mapToObj(d -> "device" + d).toList();
      pass(EVERY);
      assertThat(meters.get("vigie.push.pending.bytes").gauge().value()).isLessThan(1 << 20);
    }
    assertThat(meters.get("vigie.push.pending.bytes").gauge().value()).isGreaterThan(900_000);
    assertThat(count("vigie.push.dropped", "reason", "full")).isGreaterThan(2000);
    assertThat(meters.get("vigie.push.lag.seconds").gauge().value()).isGreaterThan(60);
  }

  @Test
  void givenClockSteppedBack_whenPushed_thenNothingOutOfOrder() throws Exception {
    start("");
    pass(EVERY);
    await().until(() -> server.taken.size() == 1);
    clock.step(Duration.ofSeconds(-40));
    pass(EVERY);
    assertThat(server.taken).hasSize(1);
    assertThat(count("vigie.push.dropped", "reason", "clock")).isEqualTo(2);
    pass(EVERY);
    pass(EVERY);
    pass(EVERY);
    await().until(() -> server.taken.size() >= 2);
    assertThat(server.taken.get(1).series().get(0).timestampsMillis()[0])
        .isGreaterThan(server.taken.get(0).series().get(0).timestampsMillis()[0]);
  }

  @Test
  void givenDisk_whenTheAgentStopsWhileTheServerIsAway_thenTheNextSendsAllInOrder()
      throws Exception {
    String disk = "  spool: disk\n  path: " + folder.resolve("push") + "\n";
    int port = server.port();
    start(disk);
    pass(EVERY);
    await().until(() -> count("vigie.push.sent") == 2);
    assertThat(sizeOf(folder.resolve("push"))).as("nothing is written while it answers").isZero();
    server.close();
    for (int i = 0; i < 20; i++) {
      pass(EVERY);
    }
    await().until(() -> count("vigie.push.retries", "reason", "connection") > 0);
    push.close();
    assertThat(sizeOf(folder.resolve("push"))).isPositive();
    server = new WriteServer(port);
    start(disk);
    await()
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              pass(Duration.ofSeconds(1));
              return server.values("round").contains(21.0);
            });
    List<Double> values = server.values("round").stream().filter(v -> !isStale(v)).toList();
    assertThat(values.subList(0, 20))
        .isEqualTo(IntStream.rangeClosed(2, 21).mapToObj(i -> (double) i).toList());
    await().until(() -> sizeOf(folder.resolve("push")) == 0);
  }

  /** Of the records, without heads of files. */
  private static long sizeOf(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".seg"))
          .mapToLong(file -> Math.max(0, file.toFile().length() - 64))
          .sum();
    }
  }
}
