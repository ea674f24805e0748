package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.probe.Probe.Listens;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.time.ManualClock;

/** Real sockets of this host, and tables as other hosts have them. */
class ListenProbeTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final Duration SECOND = Duration.ofSeconds(1);
  private final ManualClock clock = new ManualClock();
  private final HostProbes host = new HostProbes(Roots.HOST, clock);
  private final List<AutoCloseable> open = new ArrayList<>();
  @TempDir Path procfs;

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  @Test
  void givenListener_whenItGoes_thenDownAndThePassiveWatchSeesIt() throws IOException {
    ServerSocket service = listener(LOOPBACK, 50);
    int port = service.getLocalPort();
    Probe probe = probe("", "127.0.0.1:" + port);
    assertThat(reason(probe)).isEqualTo("up");
    assertThat(listens(probe)).isEqualTo(Listens.YES);
    service.close();
    assertThat(listens(probe)).isEqualTo(Listens.NO);
    clock.advance(SECOND);
    assertThat(reason(probe)).isEqualTo("nothing listens on 127.0.0.1:" + port);
    int other = listener(LOOPBACK, 50).getLocalPort();
    assertThat(probe.hint()).doesNotContain("nothing").contains(" listens on ");
    assertThat(probe("", ":" + other).hint()).isEqualTo("java listens on 127.0.0.1:" + other);
  }

  @Test
  void givenPortAlone_whenAnyAddressListens_thenUp() throws IOException {
    int port = listener(LOOPBACK, 50).getLocalPort();
    assertThat(reason(probe("", ":" + port))).isEqualTo("up");
  }

  @Test
  void givenListener_whenRun_thenItsSocketIsAStep() throws IOException {
    int port = listener(LOOPBACK, 50).getLocalPort();
    List<String> steps = new ArrayList<>();
    probe("", ":" + port).run(result -> {}, (at, what) -> steps.add(what));
    assertThat(steps)
        .containsExactly("a socket listens on 127.0.0.1:" + port + ", connections that wait: 0");
  }

  @Test
  void givenLoopbackListener_whenAllAddressesWanted_thenSaysWhereItListens() throws IOException {
    int port = listener(LOOPBACK, 50).getLocalPort();
    assertThat(reason(probe("", "0.0.0.0:" + port)))
        .isEqualTo("listens on 127.0.0.1 only, expected 0.0.0.0");
  }

  @Test
  void givenListenerOnAllAddresses_whenLoopbackWanted_thenUpUnlessExact() throws IOException {
    int port = listener(InetAddress.getByName("0.0.0.0"), 50).getLocalPort();
    assertThat(reason(probe("", "127.0.0.1:" + port))).isEqualTo("up");
    assertThat(reason(probe("exact: true", "127.0.0.1:" + port)))
        .matches("listens on (::|0\\.0\\.0\\.0) only, expected 127\\.0\\.0\\.1");
  }

  @Test
  void givenConnectionsThatNobodyAccepts_whenMoreThanMayWait_thenDown() throws IOException {
    ServerSocket service = listener(LOOPBACK, 50);
    Probe probe = probe("max_queue: 2", "127.0.0.1:" + service.getLocalPort());
    connect(service);
    connect(service);
    await().until(() -> queue(probe) == 2);
    assertThat(reason(probe)).isEqualTo("up");
    connect(service);
    await().until(() -> queue(probe) == 3);
    assertThat(reason(probe))
        .isEqualTo(
            "3 connections to 127.0.0.1:"
                + service.getLocalPort()
                + " wait to be accepted, expected at most 2");
    service.accept().close();
    await().until(() -> queue(probe) == 2);
  }

  @Test
  void givenUdpSocket_whenRun_thenUpUntilItIsClosed() throws IOException {
    DatagramSocket socket = new DatagramSocket(new InetSocketAddress(LOOPBACK, 0));
    open.add(socket);
    int port = socket.getLocalPort();
    Probe probe = probe("udp: true", "127.0.0.1:" + port);
    assertThat(reason(probe)).isEqualTo("up");
    assertThat(reason(probe("", "127.0.0.1:" + port))).startsWith("nothing listens");
    socket.close();
    clock.advance(SECOND);
    assertThat(reason(probe)).isEqualTo("nothing listens on 127.0.0.1:" + port);
    assertThat(probe.isWatchable()).isFalse();
  }

  @Test
  void givenManyProbes_whenRunWithinASecond_thenTheTableIsReadOnce() throws IOException {
    table("0100007F:0050 00000000:0000 0A 00000000:00000007");
    HostProbes elsewhere = new HostProbes(new Roots(procfs, procfs, procfs), clock);
    ProbeTools tools = elsewhere.tools();
    Module module = HostProbes.read(ListenModule::read, "");
    Probe probe = module.probe(":80", HostProbes.TIMEOUT, tools);
    assertThat(HostProbes.samples(elsewhere.run(probe), "vigie_probe_listen_"))
        .containsEntry("queue", 7.0)
        .containsEntry("sockets", 1.0);
    Files.delete(procfs.resolve("net/tcp"));
    Probe another = module.probe(":81", HostProbes.TIMEOUT, tools);
    assertThat(HostProbes.reason(elsewhere.run(another))).isEqualTo("nothing listens on :81");
    clock.advance(SECOND);
    assertThat(HostProbes.reason(elsewhere.run(another)))
        .startsWith("not run: listening sockets cannot be read");
  }

  @Test
  void givenSeveralSocketsOfAPort_whenRun_thenOthersThanTheExactOneAreTold() throws IOException {
    table(
        "0100007F:18EB 00000000:0000 0A 00000000:00000000",
        "0A00A8C0:18EB 00000000:0000 0A 00000000:00000000");
    HostProbes redis = new HostProbes(new Roots(procfs, procfs, procfs), clock);
    Probe probe = redis.probe(HostProbes.read(ListenModule::read, "exact: true"), "127.0.0.1:6379");
    assertThat(HostProbes.reason(redis.run(probe)))
        .isEqualTo("listens on 192.168.0.10 too, expected 127.0.0.1 only");
  }

  @ParameterizedTest
  @CsvSource({"localhost:80", "80", "127.0.0.1:0", "'[::1]'", "example.org:80"})
  void givenNoAddress_whenChecked_thenSaysWhatToWrite(String target) {
    assertThatThrownBy(() -> probe("", target)).hasMessageContaining("; write ");
  }

  @Test
  void givenKeysThatDoNotGoTogether_whenRead_thenFault() {
    Faults faults = new Faults();
    HostProbes.read(ListenModule::read, "{udp: true, max_queue: 5}", faults);
    assertThat(faults.all())
        .containsExactly("m.yaml:1:13: max_queue is for TCP: UDP has no connections that wait");
    assertThatThrownBy(() -> probe("exact: true", ":80")).hasMessageContaining("127.0.0.1:80");
  }

  private ServerSocket listener(InetAddress address, int backlog) throws IOException {
    ServerSocket socket = new ServerSocket(0, backlog, address);
    open.add(socket);
    return socket;
  }

  private void connect(ServerSocket service) throws IOException {
    open.add(new Socket(LOOPBACK, service.getLocalPort()));
  }

  private void table(String... lines) throws IOException {
    Files.createDirectories(procfs.resolve("net"));
    StringBuilder text = new StringBuilder("  sl  local_address rem_address   st\n");
    for (int i = 0; i < lines.length; i++) {
      text.append(String.format("%4d: %s", i, lines[i]))
          .append(" 00:00000000 00000000     0        0 ")
          .append(100 + i)
          .append(" 1 0000000000000000 100 0 0 10 0\n");
    }
    Files.writeString(procfs.resolve("net/tcp"), text);
  }

  private Probe probe(String keys, String target) {
    return host.probe(HostProbes.read(ListenModule::read, keys), target);
  }

  private String reason(Probe probe) {
    return HostProbes.reason(host.run(probe));
  }

  private double queue(Probe probe) {
    clock.advance(SECOND);
    return HostProbes.samples(host.run(probe), "vigie_probe_listen_").get("queue");
  }

  private static Listens listens(Probe probe) throws IOException {
    try (ListeningSockets sockets = new ListeningSockets(Path.of("/proc"))) {
      sockets.read();
      return probe.listens(sockets);
    }
  }
}
