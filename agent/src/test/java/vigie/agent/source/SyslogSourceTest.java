package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.time.ManualClock;

class SyslogSourceTest {
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Line> lines = new CopyOnWriteArrayList<>();
  private final CountDownLatch go = new CountDownLatch(1);
  private final List<Socket> sockets = new ArrayList<>();
  private Roots roots = Roots.HOST;
  private SyslogSource source;

  @AfterEach
  void close() throws IOException {
    go.countDown();
    if (source != null) {
      source.close();
    }
    for (Socket socket : sockets) {
      socket.close();
    }
    threads.shutdownNow();
  }

  private void start(int port, Lines taker) {
    SourceTools tools =
        new SourceTools(
            roots,
            clock,
            clock,
            threads,
            Runnable::run,
            event -> {},
            name -> null,
            Systemd.of(roots, Map.of(), clock),
            meters);
    source =
        new SyslogSource(new InetSocketAddress("127.0.0.1", port), tools, ZoneOffset.UTC, taker);
    source.start();
  }

  private List<String> texts() {
    return lines.stream().map(Line::text).toList();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), source.port());
    sockets.add(socket);
    return socket;
  }

  private void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  private double faults(String reason) {
    return meters.get("vigie.source.faults").tag("reason", reason).counter().count();
  }

  @Test
  void givenDatagram_whenSent_thenLineWithProgramTimeAndSeverity() throws IOException {
    start(0, lines::add);
    byte[] record =
        "<84>1 2026-01-01T00:00:00.5Z pi sshd 812 - - Failed password"
            .getBytes(StandardCharsets.UTF_8);
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.send(
          new DatagramPacket(
              record, record.length, InetAddress.getLoopbackAddress(), source.port()));
    }
    await().until(() -> lines.size() == 1);
    assertThat(lines.get(0))
        .isEqualTo(
            new Line(
                Instant.parse("2026-01-01T00:00:00.5Z"),
                "syslog",
                "",
                "sshd",
                Severity.WARNING,
                "Failed password",
                null));
  }

  @Test
  void givenStreams_whenLinesOrCounted_thenRecords() throws IOException {
    start(0, lines::add);
    send(connect(), "<13>Jan  1 00:00:00 pi app: one\n<13>Jan  1 00:00:00 pi app: two\n");
    await().until(() -> lines.size() == 2);
    send(
        connect(), "34 <13>Jan  1 00:00:00 pi app: three!35 <13>Jan  1 00:00:00 pi app: four\nx\n");
    await().until(() -> lines.size() == 4);
    assertThat(texts()).containsExactly("one", "two", "three!", "four\nx");
  }

  @Test
  void givenBrokenFraming_whenSent_thenClosedAndCountedAndOthersGoOn() throws IOException {
    start(0, lines::add);
    Socket broken = connect();
    send(broken, "8 <13>a: b!!nonsense\n");
    assertThat(broken.getInputStream().read()).isEqualTo(-1);
    assertThat(faults("framing")).isEqualTo(1);
    send(connect(), "<13>app: fine\n");
    await().until(() -> texts().contains("fine"));
  }

  @Test
  void givenSlowTaker_whenTcpIsFlooded_thenTheSenderIsHeldBackAndNothingIsLost() throws Exception {
    AtomicInteger taken = new AtomicInteger();
    start(
        0,
        line -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          if (line.text().startsWith(taken + "x")) {
            taken.incrementAndGet();
          }
        });
    Socket sender = connect();
    int records = 200_000;
    String padding = "x".repeat(200);
    CountDownLatch sent = new CountDownLatch(1);
    threads.execute(
        () -> {
          try {
            StringBuilder block = new StringBuilder();
            for (int i = 0; i < records; i++) {
              block.append("<13>app: ").append(i).append(padding).append('\n');
              if (block.length() > 60_000) {
                send(sender, block.toString());
                block.setLength(0);
              }
            }
            send(sender, block.toString());
            sent.countDown();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    assertThat(sent.await(300, TimeUnit.MILLISECONDS))
        .as("40 MB fit in no buffer on the way")
        .isFalse();
    go.countDown();
    await().atMost(Duration.ofSeconds(30)).until(() -> sent.getCount() == 0);
    await().atMost(Duration.ofSeconds(30)).until(() -> taken.get() == records);
  }

  @Test
  void givenManyConnections_whenOneMore_thenRefusedAndCounted() throws IOException {
    start(0, lines::add);
    for (int i = 0; i < 16; i++) {
      send(connect(), "<13>app: n" + i + "\n");
    }
    await().until(() -> lines.size() == 16);
    assertThat(connect().getInputStream().read()).isEqualTo(-1);
    assertThat(faults("connections")).isEqualTo(1);
    sockets.get(0).close();
    await()
        .until(
            () -> {
              Socket socket = connect();
              send(socket, "<13>app: again\n");
              return texts().contains("again");
            });
  }

  @Test
  void givenTakenPort_whenItIsFreed_thenTakenOver() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      start(taken.getLocalPort(), lines::add);
    }
    clock.advance(Duration.ofSeconds(30));
    send(connect(), "<13>app: now\n");
    await().until(() -> texts().contains("now"));
  }

  @Test
  void givenKernelsTable_whenItCountsDrops_thenTheyAreShown(@TempDir Path proc) throws IOException {
    Files.createDirectories(proc.resolve("net"));
    roots = new Roots(proc, Path.of("/sys"), Path.of("/"));
    start(0, lines::add);
    Files.writeString(
        proc.resolve("net/udp"),
        """
           sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
          100: 0100007F:%04X 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 123 2 0000000000000000 17
          101: 0100007F:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 124 2 0000000000000000 5
        """
            .formatted(source.port()));
    assertThat(meters.get("vigie.source.dropped").functionCounter().count()).isEqualTo(17);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "127.0.0.1:5514|",
        "'[::1]:5514'|",
        "localhost:5514|",
        "0.0.0.0:5514|is not on the loopback",
        "192.0.2.1:5514|is not on the loopback",
        "log.example:5514|is not on the loopback",
        "5514|is not an address",
      })
  void givenAddress_whenRead_thenOnlyTheLoopback(String listen, String fault) {
    Faults faults = new Faults();
    SyslogSourceConfig config =
        SyslogSourceConfig.read(
            Yaml.parse(
                Path.of("agent.yaml"), "syslog: {listen: '" + listen + "'}", Map.of(), faults));
    if (fault == null) {
      assertThat(faults.all()).isEmpty();
      assertThat(config.listen()).isNotNull();
    } else {
      assertThat(faults.all()).singleElement().asString().contains(fault);
    }
  }
}
