package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.ManualClock;

/** Runs probes against real sockets; the clock, and so each timeout, is told by hand. */
final class ProbeHarness implements AutoCloseable {
  static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  // What makes certificates for a test goes by the machine's clock.
  final ManualClock clock = new ManualClock(Instant.now());
  final ExecutorService threads = Executors.newCachedThreadPool();
  final ConcurrentLinkedQueue<ProbeResult> results = new ConcurrentLinkedQueue<>();
  final List<String> steps = Collections.synchronizedList(new ArrayList<>());
  final List<AutoCloseable> open = new ArrayList<>();
  final EventLoops loops = EventLoops.nio(1, "test-probe");
  Lookup names = Lookup.SYSTEM;

  /** Talks on one connection, then it is closed. */
  interface Peer {
    void talk(Socket socket) throws IOException;
  }

  ProbeTools tools() {
    return new ProbeTools(Roots.HOST, clock, clock, loops, names, threads, threads);
  }

  /** A module of YAML's flow style; any fault fails the test. */
  static Module module(String prober, String yaml) {
    Faults faults = new Faults();
    Module module = read(prober, yaml, faults);
    assertThat(faults.all()).isEmpty();
    return module;
  }

  /** What is wrong with such a module. */
  static List<String> faults(String prober, String yaml) {
    Faults faults = new Faults();
    read(prober, yaml, faults);
    return faults.all();
  }

  private static Module read(String prober, String yaml, Faults faults) {
    Section top = Yaml.parse(Path.of("/nowhere/agent.yaml"), "m: " + yaml, Map.of(), faults);
    Section section = top.section("m");
    Module module = Objects.requireNonNull(Probers.named(prober)).read().apply(section);
    section.end();
    return module;
  }

  /** Runs with two seconds; where {@code until} is given, waits for a step that begins so. */
  void run(Module module, String target, String... until) {
    module.checkTarget(target);
    run(module.probe(target, Duration.ofSeconds(2), tools()), until);
  }

  void run(Probe probe, String... until) {
    steps.clear();
    results.clear();
    probe.run(results::add, (at, what) -> steps.add(what));
    for (String step : until) {
      await().until(() -> List.copyOf(steps).stream().anyMatch(s -> s.startsWith(step)));
    }
  }

  ProbeResult result() {
    await().until(() -> !results.isEmpty());
    assertThat(results).hasSize(1);
    return results.element();
  }

  /** The end of a run that must be up. */
  ProbeResult.Up up() {
    ProbeResult result = result();
    assertThat(result).isInstanceOf(ProbeResult.Up.class);
    return (ProbeResult.Up) result;
  }

  /** Why it is down. */
  String reason() {
    ProbeResult result = result();
    assertThat(result).isInstanceOf(ProbeResult.Down.class);
    return ((ProbeResult.Down) result).reason();
  }

  /** The one value of a measure; NaN without one. */
  double value(String measure, String... labels) {
    return result().samples().stream()
        .filter(sample -> sample.measure().name().equals(measure))
        .filter(sample -> labels.length == 0 || sample.labelValues().equals(Arrays.asList(labels)))
        .mapToDouble(Measure.Sample::value)
        .findFirst()
        .orElse(Double.NaN);
  }

  /** The labels of the one value of a measure. */
  List<String> labels(String measure) {
    return result().samples().stream()
        .filter(sample -> sample.measure().name().equals(measure))
        .map(Measure.Sample::labelValues)
        .findFirst()
        .orElse(List.of());
  }

  ServerSocket listener(int backlog) throws IOException {
    ServerSocket socket = new ServerSocket(0, backlog, LOOPBACK);
    open.add(socket);
    return socket;
  }

  /** Its address, {@code 127.0.0.1:PORT}. */
  String serve(Peer peer) throws IOException {
    return serve(listener(50), peer);
  }

  String serve(ServerSocket server, Peer peer) {
    threads.execute(
        () -> {
          while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
              peer.talk(socket);
            } catch (IOException e) {
              // A connection that is over; the next one, or the end of the test.
            }
          }
        });
    return target(server);
  }

  /** A listener whose backlog is full: the kernel leaves further SYNs unanswered. */
  ServerSocket blackHole() throws IOException {
    ServerSocket server = listener(1);
    for (int i = 0; i < 2; i++) {
      Socket filler = new Socket();
      open.add(filler);
      filler.connect(server.getLocalSocketAddress(), 2000);
    }
    return server;
  }

  static String target(ServerSocket server) {
    return "127.0.0.1:" + server.getLocalPort();
  }

  static int port(String target) {
    return Integer.parseInt(target.substring(target.lastIndexOf(':') + 1));
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    loops.close();
    threads.shutdownNow();
  }
}
