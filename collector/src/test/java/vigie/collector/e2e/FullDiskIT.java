package vigie.collector.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.base.segment.SmallDisk;

/** The packaged collector, the disk under it full while RELP, TCP and UDP bring events. */
@Timeout(300)
class FullDiskIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int EACH = 2_000;

  @TempDir Path dir;
  private int http;
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void givenAFullDisk_whenThereIsRoomAgain_thenAllThatCouldWaitIsThereOnceWithoutARestart()
      throws Exception {
    http = Ports.free();
    int relp = Ports.free();
    int syslog = Ports.free();
    try (SmallDisk disk = SmallDisk.mount(96 << 10)) {
      Files.writeString(
          dir.resolve("collector.yaml"),
          """
          storage: {path: %s}
          listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d', syslog_tcp: '127.0.0.1:%d', syslog_udp: '127.0.0.1:%d'}
          """
              .formatted(disk.path().resolve("data"), http, relp, syslog, syslog));
      try (Program collector =
          Program.start(
              dir.resolve("log"),
              Map.of(),
              "collector",
              "run",
              "--config",
              dir.resolve("collector.yaml").toString())) {
        await().atMost(PATIENCE).until(() -> get("/-/ready").contains("ready"));
        try (Socket session = new Socket("127.0.0.1", relp);
            Socket tcp = new Socket("127.0.0.1", syslog);
            DatagramSocket udp = new DatagramSocket()) {
          threads.execute(() -> countAnswers(session));
          OutputStream out = session.getOutputStream();
          out.write("1 open 15 commands=syslog\n".getBytes(UTF_8));
          relp(out, 0, EACH);
          await().atMost(PATIENCE).until(() -> acknowledged.get() == EACH);
          // What is not moved from the log yet cannot be while the disk is full.
          await().atMost(PATIENCE).until(() -> found("relp").size() == EACH);
          Path ballast = disk.path().resolve("ballast");
          fill(ballast);

          Future<?> records = threads.submit(() -> relp(out, EACH, 2 * EACH));
          Future<?> lines = threads.submit(() -> lines(tcp));
          await().atMost(PATIENCE).until(() -> metric("vigie_event_log_refusing") == 1);
          InetAddress loopback = InetAddress.getLoopbackAddress();
          byte[] datagram = ("<13>app: udp " + "u".repeat(32 << 10)).getBytes(UTF_8);
          await()
              .atMost(PATIENCE)
              .pollInterval(Duration.ofMillis(10))
              .until(
                  () -> {
                    for (int i = 0; i < 100; i++) {
                      udp.send(new DatagramPacket(datagram, datagram.length, loopback, syslog));
                    }
                    return metric("vigie_syslog_udp_dropped_total") > 0;
                  });
          assertThat(acknowledged.get()).isEqualTo(EACH);
          assertThat(get("/api/vigie/events?limit=1&q=relp")).contains("\"text\":\"relp ");

          Files.delete(ballast);
          await().atMost(PATIENCE).until(() -> acknowledged.get() == 2 * EACH);
          records.get();
          lines.get();
          await().atMost(PATIENCE).until(() -> found("lines").size() == EACH);
          assertThat(found("relp")).isEqualTo(numbers(2 * EACH));
          assertThat(found("lines")).isEqualTo(numbers(EACH));
          assertThat(metric("vigie_event_log_refusing")).isZero();
        }
        assertThat(collector.alive()).isTrue();
        assertThat(collector.log())
            .containsOnlyOnce("events are neither taken nor acknowledged")
            .containsOnlyOnce("events are taken again");
        assertThat(collector.stop()).isIn(0, 143);
      }
      saysWhyItCannotStart(disk);
    }
  }

  private void saysWhyItCannotStart(SmallDisk disk) throws Exception {
    fill(disk.path().resolve("ballast"));
    try (Program collector =
        Program.start(
            dir.resolve("log2"),
            Map.of(),
            "collector",
            "run",
            "--config",
            dir.resolve("collector.yaml").toString())) {
      assertThat(collector.await()).isEqualTo(2);
      assertThat(collector.log()).contains(disk.path().toString(), "KiB left: make room");
    }
  }

  private static void relp(OutputStream out, int from, int to) {
    try {
      for (int i = from; i < to; i++) {
        String record = "<13>1 - p1 app - - - relp " + i + " " + "x".repeat(3_000);
        out.write(((i + 2) + " syslog " + record.length() + " " + record + "\n").getBytes(UTF_8));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void lines(Socket tcp) {
    try {
      for (int i = 0; i < EACH; i++) {
        String line = "<13>app: lines " + i + " " + "y".repeat(4_000) + "\n";
        tcp.getOutputStream().write(line.getBytes(UTF_8));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void countAnswers(Socket session) {
    try {
      InputStream in = session.getInputStream();
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c >= 0; c = in.read()) {
        if (c != '\n') {
          line.append((char) c);
        } else {
          if (line.toString().endsWith(" rsp 6 200 OK")) {
            acknowledged.incrementAndGet();
          }
          line.setLength(0);
        }
      }
    } catch (IOException e) {
      // the end of the test
    }
  }

  private static void fill(Path ballast) throws IOException {
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(new byte[4096]);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("space");
    }
  }

  /** The numbers behind the word in all events that have it, ascending. */
  private List<Integer> found(String word) throws IOException {
    List<Integer> all = new ArrayList<>();
    String before = "";
    do {
      JsonNode page =
          new ObjectMapper()
              .readTree(get("/api/vigie/events?limit=500&q=" + word + "&before=" + before));
      for (JsonNode event : page.path("events")) {
        all.add(Integer.parseInt(event.path("text").asText().split(" ")[1]));
      }
      before = page.path("next").asText();
    } while (!before.isEmpty());
    all.sort(null);
    return all;
  }

  private static List<Integer> numbers(int end) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < end; i++) {
      all.add(i);
    }
    return all;
  }

  private String get(String path) {
    return Program.get("http://127.0.0.1:" + http + path);
  }

  private double metric(String name) {
    return get("/metrics")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
