package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/** What hostile senders cost the packaged collector with a heap of 96 MiB; prints the figures. */
@Timeout(300)
class ReceiverLimitsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir Path dir;
  private int http;
  private int relp;
  private int tcp;
  private Program collector;

  @BeforeEach
  void start() throws IOException {
    http = Ports.free();
    relp = Ports.free();
    tcp = Ports.free();
    Files.writeString(
        dir.resolve("collector.yaml"),
        "storage: {path: data}\nlisten: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d', syslog_tcp: '127.0.0.1:%d'}\n"
            .formatted(http, relp, tcp));
    collector =
        Program.start(
            dir.resolve("collector.log"),
            Map.of("JAVA_OPTS", "-Xmx96m"),
            "collector",
            "run",
            "--config",
            dir.resolve("collector.yaml").toString());
    await()
        .atMost(PATIENCE)
        .until(() -> Program.get("http://127.0.0.1:" + http + "/-/ready").contains("ready"));
    one(); // what a first record loads is no attacker's cost
  }

  @AfterEach
  void stop() {
    collector.close();
  }

  private long residentMiB() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + collector.pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
      }
    }
    throw new IOException("no VmRSS");
  }

  private double metric(String name) {
    return Program.get("http://127.0.0.1:" + http + "/metrics")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** A well-meaning sender is served. */
  private void one() throws IOException {
    double before = metric("vigie_syslog_messages_total");
    try (Socket socket = new Socket("127.0.0.1", tcp)) {
      socket.getOutputStream().write("<13>x: well\n".getBytes(StandardCharsets.UTF_8));
    }
    await().atMost(PATIENCE).until(() -> metric("vigie_syslog_messages_total") > before);
  }

  private void told(String what, long before) throws IOException {
    one();
    long after = residentMiB();
    System.out.println("FIGURE " + what + ": resident " + before + " -> " + after + " MiB");
    assertThat(collector.alive()).as(collector.log()).isTrue();
    assertThat(collector.log()).doesNotContain("OutOfMemory");
    assertThat(after - before).as("MiB that " + what + " cost").isLessThan(160);
  }

  @Test
  void givenFrameOfFourGigabytes_whenDeclared_thenItCostsNothing() throws IOException {
    long before = residentMiB();
    for (int i = 0; i < 200; i++) {
      try (Socket syslog = new Socket("127.0.0.1", tcp);
          Socket session = new Socket("127.0.0.1", relp)) {
        syslog
            .getOutputStream()
            .write("9 <13>x: y\n4294967295 <13>".getBytes(StandardCharsets.UTF_8));
        session
            .getOutputStream()
            .write(
                "1 open 15 commands=syslog\n2 syslog 4294967295 x"
                    .getBytes(StandardCharsets.UTF_8));
        while (session.getInputStream().read() >= 0) {
          // until it is closed
        }
        while (syslog.getInputStream().read() >= 0) {
          // likewise
        }
      }
    }
    told("200 frames that declare 4 GB", before);
    assertThat(metric("vigie_syslog_faults_total")).isEqualTo(200);
  }

  @Test
  void givenTenThousandIdleConnections_whenOpen_thenOthersAreServedAndMemoryIsBounded()
      throws IOException {
    long before = residentMiB();
    List<SocketChannel> open = new ArrayList<>();
    try {
      for (int i = 0; i < 10_000; i++) {
        try {
          open.add(SocketChannel.open(new InetSocketAddress("127.0.0.1", i % 2 == 0 ? tcp : relp)));
        } catch (IOException refused) {
          // as it should be
        }
      }
      await()
          .atMost(PATIENCE)
          .until(() -> metric("vigie_receive_limited_total{limit=\"connections\"") > 5000);
      long with = residentMiB();
      System.out.println(
          "FIGURE 10,000 idle connections: resident "
              + before
              + " -> "
              + with
              + " MiB, served "
              + (metric("vigie_relp_sessions") + metric("vigie_syslog_connections")));
      assertThat(with - before).isLessThan(160);
    } finally {
      for (SocketChannel channel : open) {
        channel.close();
      }
    }
    await().atMost(PATIENCE).until(() -> metric("vigie_syslog_connections") < 10);
    told("10,000 idle connections that left", before);
  }

  @Test
  void givenSlowSenders_whenEachHoldsHalfARecord_thenTheirBytesAreBounded() throws IOException {
    long before = residentMiB();
    byte[] part = ("<13>x: " + "y".repeat(60_000)).getBytes(StandardCharsets.UTF_8);
    List<SocketChannel> open = new ArrayList<>();
    try {
      for (int i = 0; i < 1000; i++) {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", tcp));
        open.add(channel);
        try {
          channel.write(ByteBuffer.wrap(part));
        } catch (IOException closed) {
          // there are too many of them
        }
      }
      await()
          .atMost(PATIENCE)
          .until(() -> metric("vigie_syslog_faults_total{reason=\"memory\"") > 500);
      assertThat(metric("vigie_receive_partial_bytes")).isLessThan(10e6);
      told("1,000 senders with 60 KB of a record each", before);
    } finally {
      for (SocketChannel channel : open) {
        channel.close();
      }
    }
  }

  @Test
  void givenGarbage_whenItStreamsIn_thenItIsTakenAsTextAndMemoryIsBounded() throws IOException {
    long before = residentMiB();
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zip)) {
      byte[] garbage = new byte[8 << 20];
      new Random(1).nextBytes(garbage);
      gzip.write(garbage);
    }
    for (int port : new int[] {tcp, tcp, relp}) {
      try (Socket socket = new Socket("127.0.0.1", port)) {
        socket.getOutputStream().write(zip.toByteArray());
      } catch (IOException closed) {
        // RELP closes at the first byte
      }
    }
    told("a zip of 8 MB of garbage, three times", before);
  }
}
