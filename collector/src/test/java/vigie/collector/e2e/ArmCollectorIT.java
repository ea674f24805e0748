package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/**
 * The packaged collector on an emulated 32-bit ARM with HotSpot: it starts, receives, stores and
 * evaluates with 5 targets of 1,000 series, and heap and metaspace may not take more than 128 MiB
 * together. {@code mvn -Psoak verify}, or {@code -Dsoak.arm=/dev/shm/vigie-armhf}.
 */
@EnabledIfSystemProperty(named = "soak.arm", matches = ".+")
class ArmCollectorIT {
  private static final Path ARM = Path.of(System.getProperty("soak.arm", ""));
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(6);
  private static final int SERIES = 1000;

  // On a tmpfs: under the emulation a 32-bit program cannot list folders elsewhere.
  @TempDir(factory = InMemory.class)
  Path dir;

  private final int port = Ports.free();
  private final int relp = Ports.free();

  ArmCollectorIT() throws IOException {}

  @Test
  void givenFiveTargetsOf1000Series_whenOn32Bits_then128MegabytesAreEnough() throws Exception {
    assertThat(ARM.resolve("done")).as("run: deploy/armhf.sh setup %s", ARM).isRegularFile();
    AtomicLong scrapes = new AtomicLong();
    HttpServer targets =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    targets.createContext(
        "/",
        exchange -> {
          long value = scrapes.incrementAndGet();
          StringBuilder body = new StringBuilder();
          for (int i = 0; i < SERIES; i++) {
            body.append("fake_value{device=\"dev").append(i % 50).append("\",mode=\"m");
            body.append(i / 50).append("\"} ").append(value * (i + 1) / 7.0).append('\n');
          }
          byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4");
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    targets.start();
    Path config = configure(targets.getAddress().getPort());
    Path log = dir.resolve("log");
    Map<String, String> environment =
        Map.of("JAVA_HOME", ARM.toString(), "JAVA_OPTS", "-Xmx96m -XX:MaxMetaspaceSize=32m");
    try (Program collector =
        Program.start(log, environment, "collector", "run", "--config", config.toString())) {
      tell(log, () -> value("count(fake_value)") == 5 * SERIES);
      tell(log, () -> value("sum(count_over_time(fake_value[10m]))") > 5 * SERIES * 10);
      tell(log, () -> value("count(fake:rate)") == 5 && value("ALERTS{alertname=\"Much\"}") == 1);
      assertThat(sent("<13>1 2026-01-01T00:00:00Z pi test 1 - - hello")).contains("2 rsp 6 200 OK");
      double kept = value("sum(count_over_time(fake_value[10m]))");
      collector.kill();
      collector.start();
      tell(log, () -> value("sum(count_over_time(fake_value[10m]))") > kept - 5 * SERIES);
      assertThat(Files.readString(log)).doesNotContain("OutOfMemoryError", "level=error");
      System.out.println("scrapes=" + scrapes + " " + used(collector));
    } finally {
      targets.stop(0);
    }
  }

  private Path configure(int targets) throws IOException {
    Path rules = dir.resolve("rules.yml");
    Files.writeString(
        rules,
        """
        groups:
          - name: g
            interval: 5s
            rules:
              - {record: 'fake:rate', expr: 'sum by (job) (rate(fake_value[1m]))'}
              - {alert: Much, expr: 'sum(fake_value) > 0'}
        """);
    StringBuilder jobs = new StringBuilder();
    for (int i = 0; i < 5; i++) {
      jobs.append("  - {job_name: t").append(i).append(", scrape_interval: 5s, static_configs: ");
      jobs.append("[{targets: ['127.0.0.1:").append(targets).append("']}]}\n");
    }
    String text =
        """
        storage: {path: '%s'}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
        rule_files: ['%s']
        scrape_configs:
        %s
        """
            .formatted(dir.resolve("data"), port, relp, rules, jobs);
    return Files.writeString(dir.resolve("collector.yaml"), text);
  }

  /** What RELP answers to a session with one record. */
  private String sent(String record) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), relp)) {
      socket.setSoTimeout(60_000);
      String offer = "relp_version=0\nrelp_software=test\ncommands=syslog";
      String session =
          "1 open %d %s\n2 syslog %d %s\n"
              .formatted(offer.length(), offer, record.length(), record);
      socket.getOutputStream().write(session.getBytes(StandardCharsets.US_ASCII));
      StringBuilder answer = new StringBuilder();
      InputStream in = socket.getInputStream();
      while (!answer.toString().contains("2 rsp 6 200 OK")) {
        int next = in.read();
        if (next < 0) {
          break;
        }
        answer.append((char) next);
      }
      return answer.toString();
    }
  }

  private static String used(Program collector) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + collector.pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .findFirst()
        .orElse("");
  }

  private interface Answer {
    boolean holds() throws IOException;
  }

  private static void tell(Path log, Answer answer) throws IOException {
    try {
      await().atMost(PATIENCE).ignoreExceptions().until(answer::holds);
    } catch (RuntimeException e) {
      throw new AssertionError("its log:\n" + Files.readString(log), e);
    }
  }

  /** The value of the one series that a query gives; 0 for none. */
  private double value(String query) throws IOException {
    String encoded = URLEncoder.encode(query, StandardCharsets.UTF_8);
    String answer = Program.get("http://127.0.0.1:" + port + "/api/v1/query?query=" + encoded);
    JsonNode result = JSON.readTree(answer).path("data").path("result");
    return result.path(0).path("value").path(1).asDouble();
  }

  /** Folders in memory. */
  static final class InMemory implements org.junit.jupiter.api.io.TempDirFactory {
    @Override
    public Path createTempDirectory(
        org.junit.jupiter.api.extension.AnnotatedElementContext element,
        org.junit.jupiter.api.extension.ExtensionContext test)
        throws IOException {
      return Files.createTempDirectory(Path.of("/dev/shm"), "vigie-arm");
    }
  }
}
