package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.re2j.Pattern;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vigie.agent.reader.Roots;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.ManualClock;

/** A probe against real sockets; the timeout alone is told by a manual clock. */
class TcpProbeTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private final ManualClock clock = new ManualClock();
  private final EventLoops loops = EventLoops.nio(1, "test-probe");
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ConcurrentLinkedQueue<ProbeResult> results = new ConcurrentLinkedQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private Lookup names = Lookup.SYSTEM;

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    loops.close();
    threads.shutdownNow();
  }

  @Test
  void givenListener_whenRun_thenUp() throws IOException {
    run(target(listener(50)), null, null);
    assertThat(result()).isInstanceOf(ProbeResult.Up.class);
  }

  @Test
  void givenNothingListening_whenRun_thenConnectionRefused() throws IOException {
    run(freePort(), null, null);
    assertThat(reason()).isEqualTo("connection refused");
  }

  @Test
  void givenNameThatDoesNotResolve_whenRun_thenSaysSo() {
    run(InetSocketAddress.createUnresolved("no-such-host.invalid", 1), null, null);
    assertThat(reason()).isEqualTo("name does not resolve: no-such-host.invalid");
  }

  @Test
  void givenLocalhost_whenOnlyOneOfItsAddressesListens_thenUp() throws IOException {
    int port = listener(50).getLocalPort();
    run(InetSocketAddress.createUnresolved("localhost", port), null, null);
    assertThat(result()).isInstanceOf(ProbeResult.Up.class);
  }

  @Test
  void givenNameWithSeveralAddresses_whenTheFirstDoesNotAnswer_thenTheNextHasItsShareOfTime()
      throws IOException {
    InetSocketAddress blackHole = blackHole();
    listen("127.0.0.2", blackHole.getPort());
    names = host -> addresses("127.0.0.1", "127.0.0.2");
    run(named(blackHole.getPort()), null, null, "connecting to 127.0.0.1:");
    clock.advance(Duration.ofMillis(999));
    assertThat(results).isEmpty();
    clock.advance(Duration.ofMillis(1));
    assertThat(result()).isInstanceOf(ProbeResult.Up.class);
  }

  @Test
  void givenNameWithSeveralAddresses_whenEachFailsInItsWay_thenBothReasonsAreTold()
      throws IOException {
    names = host -> addresses("127.0.0.1", "255.255.255.255");
    run(named(freePort().getPort()), null, null);
    assertThat(reason()).startsWith("connection refused, ");
  }

  private void listen(String address, int port) throws IOException {
    open.add(new ServerSocket(port, 50, InetAddress.getByName(address)));
  }

  private static InetSocketAddress named(int port) {
    return InetSocketAddress.createUnresolved("service.example", port);
  }

  private static InetAddress[] addresses(String one, String other) throws UnknownHostException {
    return new InetAddress[] {InetAddress.getByName(one), InetAddress.getByName(other)};
  }

  @Test
  void givenBlackHole_whenTimeoutIsOver_thenDownWithIt() throws IOException {
    run(blackHole(), null, null);
    clock.advance(Duration.ofMillis(1999));
    assertThat(results).isEmpty();
    clock.advance(Duration.ofMillis(1));
    assertThat(reason()).isEqualTo("timeout after 2s");
  }

  @Test
  void givenExpectedAnswer_whenSent_thenUp() throws IOException {
    run(target(answering("3\n", false)), "1+2\n", "^3$|^3\n");
    assertThat(result()).isInstanceOf(ProbeResult.Up.class);
  }

  @Test
  void givenWrongBanner_whenPeerCloses_thenBothAreQuoted() throws IOException {
    run(target(answering("421 busy\r\n", true)), null, "^220 ");
    assertThat(reason()).isEqualTo("expected \"^220 \" got \"421 busy\\r\\n\"");
  }

  @Test
  void givenWrongBanner_whenPeerStays_thenBothAreQuotedAtTheTimeout() throws IOException {
    run(target(answering("ERR\u0007\n", false)), "PING\n", "PONG", "got \"ERR");
    clock.advance(Duration.ofSeconds(2));
    assertThat(reason()).isEqualTo("expected \"PONG\" got \"ERR\\x07\\n\"");
  }

  @Test
  void givenSilentPeer_whenTimeoutIsOver_thenGotNothing() throws IOException {
    run(target(listener(50)), null, "^220 ", "connected");
    clock.advance(Duration.ofSeconds(2));
    assertThat(reason()).isEqualTo("expected \"^220 \" got nothing, timeout after 2s");
  }

  @Test
  void givenPeerThatClosesAtOnce_whenAnswerIsExpected_thenSaysSo() throws IOException {
    run(target(answering("", true)), null, "x");
    assertThat(reason()).isEqualTo("expected \"x\" got nothing, the peer closed the connection");
  }

  @Test
  void givenEndlessAnswer_whenFourKibibytesCame_thenDownAndShort() throws IOException {
    run(target(answering("y\n".repeat(100_000), false)), null, "z");
    assertThat(reason()).endsWith("…\" in the first 4096 bytes").hasSizeLessThan(200);
  }

  @Test
  void givenSteps_whenRun_thenEachIsTold() throws IOException {
    List<String> told = run(target(answering("3\n", false)), "1+2\n", "3");
    result();
    assertThat(told).hasSize(4);
    assertThat(told.get(0)).startsWith("connecting to 127.0.0.1:");
    assertThat(told.subList(1, 4)).containsExactly("connected", "sent \"1+2\\n\"", "got \"3\\n\"");
  }

  @Test
  void givenNettysMessage_whenPutInWords_thenWithoutAddress() {
    assertThat(TcpProbe.words(new IOException("No route to host: /192.0.2.1:80")))
        .isEqualTo("no route to host");
  }

  /** Runs it; where {@code until} is given, waits for a step that begins so. */
  private List<String> run(
      InetSocketAddress target, @Nullable String send, @Nullable String expect, String... until) {
    TcpModule module = new TcpModule(send, expect == null ? null : Pattern.compile(expect));
    List<String> steps = java.util.Collections.synchronizedList(new ArrayList<>());
    ProbeTools tools = new ProbeTools(Roots.HOST, clock, clock, loops, names, threads, threads);
    new TcpProbe(module, target, Duration.ofSeconds(2), tools)
        .run(results::add, (at, what) -> steps.add(what));
    for (String step : until) {
      await().until(() -> List.copyOf(steps).stream().anyMatch(s -> s.startsWith(step)));
    }
    return steps;
  }

  private ProbeResult result() {
    await().until(() -> !results.isEmpty());
    assertThat(results).hasSize(1);
    return results.element();
  }

  private String reason() {
    assertThat(result()).isInstanceOf(ProbeResult.Down.class);
    return ((ProbeResult.Down) result()).reason();
  }

  private ServerSocket listener(int backlog) throws IOException {
    ServerSocket socket = new ServerSocket(0, backlog, LOOPBACK);
    open.add(socket);
    return socket;
  }

  /** Takes connections, writes a text to each, and closes it or keeps it. */
  private ServerSocket answering(String text, boolean closes) throws IOException {
    ServerSocket server = listener(50);
    threads.execute(
        () -> {
          try {
            while (true) {
              Socket socket = server.accept();
              open.add(socket);
              socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
              if (closes) {
                socket.shutdownOutput();
              }
            }
          } catch (IOException e) {
            // The test is over.
          }
        });
    return server;
  }

  /** A listener whose backlog is full: the kernel leaves further SYNs unanswered. */
  private InetSocketAddress blackHole() throws IOException {
    ServerSocket server = listener(1);
    for (int i = 0; i < 2; i++) {
      Socket filler = new Socket();
      open.add(filler);
      filler.connect(server.getLocalSocketAddress(), 2000);
    }
    return target(server);
  }

  private static InetSocketAddress target(ServerSocket server) {
    return InetSocketAddress.createUnresolved("127.0.0.1", server.getLocalPort());
  }

  private static InetSocketAddress freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, LOOPBACK)) {
      return target(socket);
    }
  }
}
