package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.reader.MemoryReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.UnameReader;
import vigie.base.time.Clock;
import vigie.base.time.ManualClock;

class NodeCollectorTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void givenSubjectsThatFail_whenCollected_thenTheyAreToldAndTheOthersAreThere() {
    Family good = Family.gauge("node_good", "Good.");
    Family half = Family.gauge("node_half", "Half.");
    Family twice = Family.gauge("node_twice", "Twice.");
    NodeCollector node =
        new NodeCollector(
            List.of(
                subject("good", good, () -> good.add(1)),
                subject(
                    "half",
                    half,
                    () -> {
                      half.add(2);
                      throw new IOException("gone");
                    }),
                subject(
                    "twice",
                    twice,
                    () -> {
                      twice.add(1);
                      twice.add(2);
                    }),
                subject(
                    "broken",
                    Family.gauge("node_broken", "Broken."),
                    () -> {
                      throw new IllegalStateException("BUG");
                    })),
            new ManualClock(),
            Runnable::run,
            Duration.ofSeconds(1));

    MetricSnapshots snapshots = node.collect();

    assertThat(snapshots.stream().map(s -> s.getMetadata().getPrometheusName()))
        .containsExactly(
            "node_good",
            "node_half",
            "node_scrape_collector_duration_seconds",
            "node_scrape_collector_success",
            "vigie_agent_collectors_hanging");
    GaugeSnapshot success = (GaugeSnapshot) find(snapshots, "node_scrape_collector_success");
    assertThat(success.getDataPoints())
        .extracting(point -> point.getLabels().get("collector") + point.getValue())
        .containsExactlyInAnyOrder("good1.0", "half0.0", "twice0.0", "broken0.0");
    // What one scrape left behind does not come back in the next.
    assertThat(find(node.collect(), "node_half").getDataPoints()).hasSize(1);
  }

  @Test
  void givenSubjectThatHangs_whenCollected_thenTheOthersAreThereAndItIsLeftOutUntilItAnswers()
      throws InterruptedException {
    ManualClock clock = new ManualClock();
    CountDownLatch answer = new CountDownLatch(1);
    Family slow = Family.gauge("node_slow", "Slow.");
    Family good = Family.gauge("node_good", "Good.");
    Subject hanging =
        subject(
            "slow",
            slow,
            () -> {
              slow.add(1);
              if (answer.getCount() > 0) {
                clock.advance(Duration.ofSeconds(5));
                waitFor(answer);
              }
            });
    Subject other = subject("good", good, () -> good.add(1));
    NodeCollector node =
        new NodeCollector(List.of(hanging, other), clock, threads, Duration.ofMillis(100));

    for (int scrape = 0; scrape < 3; scrape++) {
      MetricSnapshots without = node.collect();
      assertThat(values(without, "node_scrape_collector_success")).containsExactly(1.0, 0.0);
      assertThat(values(without, "vigie_agent_collectors_hanging")).containsExactly(1.0);
      assertThat(values(without, "node_good")).containsExactly(1.0);
      assertThat(names(without)).doesNotContain("node_slow");
    }

    answer.countDown();
    await()
        .until(() -> values(node.collect(), "vigie_agent_collectors_hanging").equals(List.of(0.0)));
    MetricSnapshots again = node.collect();
    assertThat(values(again, "node_scrape_collector_success")).containsExactly(1.0, 1.0);
    assertThat(values(again, "node_slow")).containsExactly(1.0);
  }

  @Test
  void givenSubjectThatThrowsAnError_whenCollected_thenItFailsAndIsReadAgain() {
    Family deep = Family.gauge("node_deep", "Deep.");
    AtomicInteger readings = new AtomicInteger();
    Subject subject =
        subject(
            "deep",
            deep,
            () -> {
              if (readings.incrementAndGet() == 1) {
                throw new StackOverflowError();
              }
              deep.add(1);
            });
    NodeCollector node =
        new NodeCollector(List.of(subject), new ManualClock(), threads, Duration.ofSeconds(1));

    assertThat(values(node.collect(), "node_scrape_collector_success")).containsExactly(0.0);
    MetricSnapshots again = node.collect();
    assertThat(values(again, "node_scrape_collector_success")).containsExactly(1.0);
    assertThat(values(again, "vigie_agent_collectors_hanging")).containsExactly(0.0);
  }

  @Test
  void givenOtherSubjects_whenReplaced_thenThoseUntilNowAreClosed() throws IOException {
    AtomicInteger closed = new AtomicInteger();
    Subject subject =
        new Subject() {
          @Override
          public String name() {
            return "connected";
          }

          @Override
          public List<Family> families() {
            return List.of();
          }

          @Override
          public void collect() {}

          @Override
          public void close() {
            closed.incrementAndGet();
          }
        };
    NodeCollector node =
        new NodeCollector(List.of(subject), new ManualClock(), threads, Duration.ofSeconds(1));

    node.replace(new Fixture("vm-6.18").metrics(CollectorsConfig.DEFAULTS));

    assertThat(closed).hasValue(1);
    assertThat(node.names()).doesNotContain("connected");
  }

  @Test
  void givenFileThatDoesNotAnswer_whenCollected_thenOnlyItsSubjectIsMissing(@TempDir Path folder)
      throws Exception {
    Path pipe = Files.createDirectories(folder.resolve("sys/kernel")).resolve("hostname");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    Files.writeString(folder.resolve("meminfo"), "MemTotal: 4 kB\n");
    Roots roots = new Roots(folder, folder, folder);
    NodeCollector node =
        new NodeCollector(
            List.of(
                new UnameMetrics(new UnameReader(roots, "arm")),
                new MemoryMetrics(new MemoryReader(roots))),
            Clock.system(),
            threads,
            Duration.ofSeconds(2));

    for (int scrape = 0; scrape < 2; scrape++) {
      MetricSnapshots without = node.collect();
      assertThat(values(without, "node_memory_MemTotal_bytes")).containsExactly(4096.0);
      assertThat(names(without)).doesNotContain("node_uname_info");
    }

    try (OutputStream answer = Files.newOutputStream(pipe)) {
      Path file = Files.writeString(folder.resolve("file"), "pi\n");
      Files.move(file, pipe, StandardCopyOption.REPLACE_EXISTING);
      answer.write("pi\n".getBytes(StandardCharsets.UTF_8));
    }
    await()
        .until(() -> values(node.collect(), "vigie_agent_collectors_hanging").equals(List.of(0.0)));
  }

  @Test
  void givenNoThread_whenCollected_thenAllAreToldAsFailed() {
    Executor full =
        task -> {
          throw new RejectedExecutionException();
        };
    Family good = Family.gauge("node_good", "Good.");
    NodeCollector node =
        new NodeCollector(
            List.of(subject("good", good, () -> good.add(1))),
            new ManualClock(),
            full,
            Duration.ofSeconds(1));
    assertThat(values(node.collect(), "node_scrape_collector_success")).containsExactly(0.0);
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<String> names(MetricSnapshots snapshots) {
    return snapshots.stream().map(s -> s.getMetadata().getPrometheusName()).toList();
  }

  private static List<Double> values(MetricSnapshots snapshots, String name) {
    return find(snapshots, name).getDataPoints().stream()
        .map(point -> ((GaugeDataPointSnapshot) point).getValue())
        .toList();
  }

  @Test
  void givenValuesNotTold_whenAdded_thenTheyAreLeftOut() {
    Family gauge = Family.gauge("g", "G.");
    Family counter = Family.counter("c_total", "C.");
    gauge.add(Double.NaN);
    gauge.add(Labels.of("a", "b"), -1);
    counter.add(Double.NaN);
    counter.add(-1);

    assertThat(counter.take()).isNull();
    MetricSnapshot taken = gauge.take();
    assertThat(taken).isNotNull();
    assertThat(taken.getDataPoints()).hasSize(1);
    assertThat(gauge.take()).isNull();
  }

  private static MetricSnapshot find(MetricSnapshots snapshots, String name) {
    return snapshots.stream()
        .filter(s -> s.getMetadata().getPrometheusName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Subject subject(String name, Family family, Collecting collecting) {
    return new Subject() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public List<Family> families() {
        return List.of(family);
      }

      @Override
      public void collect() throws IOException {
        collecting.run();
      }
    };
  }

  private interface Collecting {
    void run() throws IOException;
  }
}
