package vigie.collector.scrape;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpServer;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;
import vigie.base.time.ManualClock;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;
import vigie.collector.sample.Staleness;

/** Against a real HTTP server; time stands still but for the fetches themselves. */
class ScraperTest {
  /** No target here has native histograms. */
  private interface NumberAppender extends Appender {
    @Override
    default void append(Labels labels, long timeMillis, Histogram histogram) {
      throw new AssertionError("a histogram of " + labels);
    }
  }

  private final EventLoops loops = EventLoops.nio(1, "test");
  private volatile HttpAnswer answer = HttpAnswer.text(200, "a 1\nb{x=\"y\",job=\"own\"} 2\n");
  private final HttpServer server =
      new HttpServer(
          loops,
          new InetSocketAddress("127.0.0.1", 0),
          new HttpServer.Limits(1000, 16),
          WebAccess.open(Clock.system(), new SimpleMeterRegistry()),
          Runnable::run,
          r -> answer);
  private final ManualClock clock = new ManualClock();
  private final List<String> samples = Collections.synchronizedList(new ArrayList<>());
  private final List<Long> times = Collections.synchronizedList(new ArrayList<>());
  private final List<String> outcomes = Collections.synchronizedList(new ArrayList<>());
  private final ExecutorService blocking = Executors.newCachedThreadPool();
  private final Scraper scraper =
      new Scraper(
          loops,
          blocking,
          new Appender() {
            @Override
            public void append(Labels labels, long time, double value) {
              take(labels, time, value);
            }

            @Override
            public void append(Labels labels, long time, Histogram histogram) {
              throw new AssertionError();
            }
          },
          clock,
          clock,
          Runnable::run,
          (target, well) -> outcomes.add(target.labels().get("instance") + " " + well));

  private void take(Labels labels, long time, double value) {
    if (labels.metricName().equals("up")) {
      times.add(time);
    }
    samples.add(
        labels.metricName()
            + labels.without("__name__")
            + " "
            + (Staleness.isStale(value) ? "stale" : value));
  }

  @AfterEach
  void stop() {
    blocking.shutdownNow();
    scraper.close();
    server.close();
    loops.close();
  }

  private void configure(Path file, String yaml) {
    Faults faults = new Faults();
    List<ScrapeConfig> jobs = ScrapeConfig.readAll(Yaml.parse(file, yaml, Map.of(), faults));
    faults.throwIfAny();
    scraper.configure(jobs);
  }

  private void configure(String yaml) {
    configure(Path.of("collector.yaml"), yaml);
  }

  private String address() {
    return "127.0.0.1:" + server.port();
  }

  private void turn(int outcomesThen) {
    clock.advance(Duration.ofSeconds(15));
    await().until(() -> outcomes.size() >= outcomesThen);
  }

  private List<String> taken() {
    List<String> taken = new ArrayList<>(samples);
    taken.removeIf(s -> s.startsWith("scrape_"));
    samples.clear();
    String instance = "instance=\"" + address() + "\"";
    taken.replaceAll(s -> s.replace(instance, "I"));
    return taken;
  }

  @Test
  void givenScrapesThatBeginAMomentLate_whenTaken_thenTheirTimesAreRegular() {
    configure(
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['" + address() + "']}]}]");
    int[] steps = {0, 4, 5, -7, 0, 50, 3, -15_000, 1};
    List<Long> apart = new ArrayList<>();
    for (int i = 0; i < steps.length; i++) {
      clock.step(Duration.ofMillis(steps[i]));
      turn(i + 1);
      apart.add(i == 0 ? 0 : times.get(i) - times.get(i - 1));
    }

    // 4, then 9, then 2 ms late are none; half a second is meant.
    assertThat(apart)
        .containsExactly(0L, 15_000L, 15_000L, 15_000L, 15_000L, 15_052L, 15_000L, 3L, 15_000L);
  }

  @Test
  void givenTarget_whenScraped_thenSamplesCarryTargetLabelsAndUpIsOne() {
    configure(
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['"
            + address()
            + "'], labels: {role: web}}]}]");
    turn(1);
    assertThat(taken())
        .containsExactly(
            "a{I, job=\"j\", role=\"web\"} 1.0",
            "b{exported_job=\"own\", I, job=\"j\", role=\"web\", x=\"y\"} 2.0",
            "up{I, job=\"j\", role=\"web\"} 1.0");
    assertThat(scraper.targets().get(0).last().health()).isEqualTo(Target.Health.UP);
  }

  @Test
  void givenSeriesVanishes_whenScraped_thenStaleMarkerOnce() {
    configure(
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['" + address() + "']}]}]");
    turn(1);
    taken();
    answer = HttpAnswer.text(200, "a 3\n");
    turn(2);
    assertThat(taken())
        .containsExactly(
            "a{I, job=\"j\"} 3.0",
            "b{exported_job=\"own\", I, job=\"j\", x=\"y\"} stale",
            "up{I, job=\"j\"} 1.0");
    turn(3);
    assertThat(taken()).containsExactly("a{I, job=\"j\"} 3.0", "up{I, job=\"j\"} 1.0");
  }

  @Test
  void givenLastSeriesThatComesAndGoes_whenScraped_thenAStaleMarkerEachTimeItGoes() {
    configure(
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['" + address() + "']}]}]");
    for (int i = 0; i < 3; i++) {
      answer = HttpAnswer.text(200, "a 1\nb 1\n");
      turn(2 * i + 1);
      answer = HttpAnswer.text(200, "a 1\n");
      taken();
      turn(2 * i + 2);
      assertThat(taken())
          .containsExactly("a{I, job=\"j\"} 1.0", "b{I, job=\"j\"} stale", "up{I, job=\"j\"} 1.0");
    }
  }

  @Test
  void givenFailingScrapesOfManySeries_whenScraped_thenTheyAreNotKept() {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 1500; i++) {
      many.append("s").append(i).append(" 1\n");
    }
    answer = HttpAnswer.text(200, many + "nonsense\n");
    configure(
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['" + address() + "']}]}]");
    for (int i = 1; i <= 2; i++) {
      turn(i);
      assertThat(samples)
          .anyMatch(s -> s.startsWith("scrape_series_added{") && s.endsWith(" 1500.0"));
      samples.clear();
    }
  }

  @Test
  void givenReload_whenTheSameTargetIsScrapedInAnotherWay_thenOnlyWhatItShowsNoMoreIsStale() {
    String job =
        "scrape_configs: [{job_name: j, %s static_configs: [{targets: ['" + address() + "']}]}]";
    configure(job.formatted(""));
    turn(1);
    taken();
    configure(job.formatted("metrics_path: /other,"));
    assertThat(taken()).isEmpty();
    turn(2);
    assertThat(taken()).hasSize(3).noneMatch(s -> s.endsWith("stale"));
    configure(
        job.formatted(
            "metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}],"));
    turn(3);
    assertThat(taken())
        .containsExactly(
            "a{I, job=\"j\"} 1.0",
            "b{exported_job=\"own\", I, job=\"j\", x=\"y\"} stale",
            "up{I, job=\"j\"} 1.0");
    configure("scrape_configs: []");
    assertThat(taken()).containsExactly("a{I, job=\"j\"} stale", "up{I, job=\"j\"} stale");
  }

  @Test
  void givenBrokenAnswer_whenScraped_thenNothingOfItCountsAndErrorIsInWords() {
    configure(
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['" + address() + "']}]}]");
    turn(1);
    taken();
    answer = HttpAnswer.text(200, "a 5\nnonsense\n");
    turn(2);
    assertThat(taken())
        .containsExactlyInAnyOrder(
            "a{I, job=\"j\"} stale",
            "b{exported_job=\"own\", I, job=\"j\", x=\"y\"} stale",
            "up{I, job=\"j\"} 0.0");
    assertThat(scraper.targets().get(0).last().error())
        .isEqualTo("not an exposition: line 2: expected a space and a value after the series");
    answer = HttpAnswer.text(500, "no");
    turn(3);
    assertThat(scraper.targets().get(0).last().error())
        .isEqualTo("server returned HTTP status 500");
    answer = HttpAnswer.text(200, "a 6\n");
    turn(4);
    assertThat(scraper.targets().get(0).last().error()).isEmpty();
  }

  @Test
  void givenNobodyListens_whenScraped_thenDownInWords() throws IOException {
    // Held without listening: a port that was closed may be taken, or answer for a moment yet.
    try (Socket held = new Socket()) {
      held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      int port = held.getLocalPort();
      configure(
          "scrape_configs: [{job_name: j, static_configs: [{targets: ['127.0.0.1:"
              + port
              + "']}]}]");
      turn(1);
      assertThat(scraper.targets().get(0).last().error()).contains("Connection refused");
      assertThat(samples).contains("up{instance=\"127.0.0.1:" + port + "\", job=\"j\"} 0.0");
    }
  }

  @Test
  void givenRelabelling_whenScraped_thenTargetsAndSeriesAreKeptDroppedAndRenamed() {
    configure(
        """
        scrape_configs:
        - job_name: j
          sample_limit: 10
          relabel_configs:
          - {source_labels: [__address__], regex: 'drop.*', action: drop}
          - {source_labels: [__address__], regex: '(.+):\\d+', target_label: node, replacement: 'n-$1'}
          metric_relabel_configs:
          - {source_labels: [__name__], regex: b, action: drop}
          static_configs: [{targets: ['%s', 'drop:1']}]
        """
            .formatted(address()));
    turn(1);
    assertThat(taken())
        .containsExactly(
            "a{I, job=\"j\", node=\"n-127.0.0.1\"} 1.0",
            "up{I, job=\"j\", node=\"n-127.0.0.1\"} 1.0");
  }

  @Test
  void givenFileSd_whenFileChanges_thenTargetsFollowAndABrokenFileKeepsThem(@TempDir Path dir)
      throws Exception {
    Path file = dir.resolve("web.json");
    Files.writeString(
        file, "[{\"targets\": [\"" + address() + "\"], \"labels\": {\"role\": \"a\"}}]");
    configure(
        dir.resolve("collector.yaml"),
        "scrape_configs: [{job_name: j, file_sd_configs: [{files: ['*.json']}]}]");
    assertThat(scraper.targets()).hasSize(1);
    Files.writeString(file, "not: [a list");
    clock.advance(Duration.ofSeconds(5));
    assertThat(scraper.targets()).hasSize(1);
    Files.writeString(file, "[]");
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    await().until(() -> lookAgain() == 0);
  }

  @Test
  void givenHttpSd_whenItFails_thenTheLastTargetsStayUntilItSaysOthers() {
    answer = HttpAnswer.of(200, "application/json", "[{\"targets\": [\"127.0.0.1:1\"]}]");
    configure(
        "scrape_configs: [{job_name: j, http_sd_configs: [{url: 'http://"
            + address()
            + "/sd', refresh_interval: 5s}]}]");
    await().until(() -> lookAgain() == 1);
    for (HttpAnswer failing :
        List.of(
            HttpAnswer.text(500, "no"),
            HttpAnswer.text(200, "[]"),
            HttpAnswer.of(200, "application/json", "[{\"target\": []}]"),
            HttpAnswer.of(200, "application/json", "{"))) {
      answer = failing;
      assertThat(lookAgain()).isEqualTo(1);
      assertThat(lookAgain()).isEqualTo(1);
    }
    answer = HttpAnswer.of(200, "application/json", "[]");
    await().until(() -> lookAgain() == 0);
  }

  private int lookAgain() {
    clock.advance(Duration.ofSeconds(5));
    return scraper.targets().size();
  }

  @Test
  void givenAFileThatHangs_whenLookedAt_thenNobodyElseWaits(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("web.json");
    Files.writeString(file, "[]");
    configure(
        dir.resolve("collector.yaml"),
        "scrape_configs: [{job_name: j, file_sd_configs: [{files: [web.json]}],"
            + " static_configs: [{targets: ['"
            + address()
            + "']}]}]");
    Files.delete(file);
    Process fifo = new ProcessBuilder("mkfifo", file.toString()).start();
    assertThat(fifo.waitFor()).isZero();
    clock.advance(Duration.ofSeconds(5)); // which would read it for ever on this thread
    turn(1);
    assertThat(scraper.targets()).hasSize(1);
    try (var end = Files.newOutputStream(file)) {
      end.write("[]".getBytes(UTF_8));
    }
  }

  @Test
  void givenRedirectsThatAreSlowTogether_whenScraped_thenTheyHaveOneTimeout() {
    try (HttpServer slow =
        new HttpServer(
            loops,
            new InetSocketAddress("127.0.0.1", 0),
            new HttpServer.Limits(1000, 16),
            WebAccess.open(Clock.system(), new SimpleMeterRegistry()),
            Runnable::run,
            r -> {
              clock.advance(Duration.ofSeconds(6));
              return new HttpAnswer(302, "text/plain", new byte[0], Map.of("location", "/again"));
            })) {
      configure(
          "scrape_configs: [{job_name: j, scrape_interval: 5m, scrape_timeout: 10s,"
              + " static_configs: [{targets: ['127.0.0.1:"
              + slow.port()
              + "']}]}]");
      turn(1);
      assertThat(scraper.targets().get(0).last().error()).isEqualTo("no answer within 10s");
    }
  }

  @Test
  void givenSampleOfAMomentAhead_whenItsTargetEnds_thenTheStaleMarkerIsLaterStill() {
    long start = clock.millis();
    configure(
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['" + address() + "']}]}]");
    turn(1);
    long place = times.get(0) - start;
    assumeTrue(place > 0); // of 15,000
    clock.step(Duration.ofMillis(-4)); // so that the next one comes early
    clock.advance(Duration.ofMillis(place));
    await().until(() -> outcomes.size() == 2);
    assertThat(times.get(1)).isEqualTo(clock.millis() + 4);
    configure("scrape_configs: []");
    await().until(() -> times.size() == 3);
    assertThat(times.get(2)).isGreaterThan(times.get(1));
  }

  @Test
  void givenTargetLabelsThatLookRenamed_whenScraped_thenTheShortestIsRenamedFirst() {
    answer = HttpAnswer.text(200, "a{x=\"s\",exported_x=\"e\"} 1\n");
    configure(
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['"
            + address()
            + "'], labels: {exported_x: 'own', x: 'own too'}}]}]");
    turn(1);
    assertThat(taken())
        .contains(
            "a{exported_exported_exported_x=\"e\", exported_exported_x=\"s\","
                + " exported_x=\"own\", I, job=\"j\", x=\"own too\"} 1.0");
  }

  @Test
  void givenFileSdByName_whenTheFileComesAndGoes_thenSoDoItsTargets(@TempDir Path dir)
      throws Exception {
    Path file = dir.resolve("web.json");
    configure(
        dir.resolve("collector.yaml"),
        "scrape_configs: [{job_name: j, file_sd_configs: [{files: [web.json]}]}]");
    String one = "[{\"targets\": [\"" + address() + "\"]}]";
    for (int i = 0; i < 2; i++) {
      assertThat(scraper.targets()).isEmpty();
      Files.writeString(file, one);
      Files.setLastModifiedTime(file, FileTime.fromMillis(1)); // the same in both rounds
      await().until(() -> lookAgain() == 1);
      Files.delete(file);
      await().until(() -> lookAgain() == 0);
    }
  }

  @Test
  void givenBodyThatNeverEnds_whenScraped_thenTimeoutAndTheConnectionIsClosed() throws Exception {
    try (ServerSocket endless = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      configure(
          "scrape_configs: [{job_name: j, scrape_timeout: 300ms,"
              + " static_configs: [{targets: ['127.0.0.1:"
              + endless.getLocalPort()
              + "']}]}]");
      clock.advance(Duration.ofSeconds(15));
      try (Socket peer = endless.accept()) {
        peer.getOutputStream()
            .write("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\na 1\n".getBytes(UTF_8));
        await().until(() -> outcomes.size() == 1);
        assertThat(scraper.targets().get(0).last().error()).isEqualTo("no answer within 300ms");
        peer.setSoTimeout(60_000);
        peer.getInputStream().readAllBytes(); // ends, as the scraper has closed it
      }
    }
  }

  @Test
  void givenBodyBeyondItsLimit_whenScraped_thenItIsLetGoOf() throws Exception {
    answer = new HttpAnswer(200, "text/plain", new byte[5000], Map.of());
    configure(
        "scrape_configs: [{job_name: j, body_size_limit: 4000, static_configs: [{targets: ['"
            + address()
            + "']}]}]");
    turn(1);
    assertThat(scraper.targets().get(0).last().error())
        .isEqualTo("body exceeds body_size_limit of 4000 bytes");
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
      gzip.write(new byte[100_000]);
    }
    answer =
        new HttpAnswer(200, "text/plain", bomb.toByteArray(), Map.of("content-encoding", "gzip"));
    turn(2);
    assertThat(scraper.targets().get(0).last().error())
        .isEqualTo("body exceeds body_size_limit of 4000 bytes");
  }
}
