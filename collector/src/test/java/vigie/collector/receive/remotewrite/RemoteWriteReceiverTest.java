package vigie.collector.receive.remotewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static vigie.collector.testing.Protobuf.series;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.remotewrite.WriteReader;
import vigie.base.segment.FileLayer;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.receive.PeerFaults;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;
import vigie.collector.sample.Staleness;
import vigie.collector.store.sample.DiskSampleStore;
import vigie.collector.store.sample.SampleStoreOptions;
import vigie.collector.testing.Protobuf;

class RemoteWriteReceiverTest {
  private static final String SECOND =
      "application/x-protobuf;proto=io.prometheus.write.v2.Request";

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<String> heard = new ArrayList<>();
  private final List<Labels> changed = new ArrayList<>();
  private final EventLoops loops = EventLoops.nio(1, "test");
  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final HttpClient client = HttpClient.newHttpClient();
  private final long now = clock.millis();
  private DiskSampleStore store;
  private HttpServer server;

  @BeforeEach
  void start() {
    store = open(folder, FileLayer.disk(), clock, meters);
    listen(store);
  }

  private static DiskSampleStore open(
      Path folder, FileLayer files, ManualClock clock, SimpleMeterRegistry meters) {
    return DiskSampleStore.open(
        folder,
        new SampleStoreOptions(
            Duration.ofDays(1),
            1L << 30,
            Duration.ofHours(2),
            Duration.ofHours(1),
            5,
            1 << 20,
            1 << 20),
        files,
        clock,
        clock,
        Runnable::run,
        Runnable::run,
        meters);
  }

  private void listen(SampleStore into) {
    Routes routes = new Routes();
    new RemoteWriteReceiver(
            into,
            new WriteReader.Limits(100_000, 20, 50, 8),
            clock,
            (peer, node) -> !node.equals("foreign"),
            heard::add,
            changed::add,
            new PeerFaults(clock),
            meters)
        .routes(routes);
    server =
        new HttpServer(
            loops,
            new InetSocketAddress("127.0.0.1", 0),
            new HttpServer.Limits(10_000, 8),
            WebAccess.open(clock, meters),
            threads,
            routes);
  }

  @AfterEach
  void stop() {
    server.close();
    loops.close();
    threads.shutdown();
    store.close();
  }

  private HttpResponse<String> push(byte[] body, String... headers) throws Exception {
    var request =
        java.net.http.HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.port() + "/api/v1/write"))
            .POST(BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> push(Protobuf... all) throws Exception {
    Protobuf request = new Protobuf();
    for (Protobuf one : all) {
      request.message(1, one);
    }
    return push(
        request.packed(),
        "content-type",
        "application/x-protobuf",
        "content-encoding",
        "snappy",
        "x-prometheus-remote-write-version",
        "0.1.0");
  }

  /** The bits of what is stored of a metric, newest last. */
  private List<Double> values(String metric) {
    List<Double> values = new ArrayList<>();
    for (Series series :
        store.select(0, Long.MAX_VALUE, List.of(LabelMatcher.equal(Labels.NAME, metric)))) {
      SampleIterator samples = series.iterator();
      while (samples.next()) {
        values.add(samples.value());
      }
    }
    return values;
  }

  private double count(String meter, String tag, String value) {
    return meters.get(meter).tag(tag, value).counter().count();
  }

  @Test
  void givenSamples_whenPushed_thenStoredBitByBitAndAnswered204() throws Exception {
    HttpResponse<String> answer =
        push(
            series("__name__", "a", "instance", "p1").sample(1, now - 2000).sample(2.5, now),
            // In no order, with a name that is no classic one and a value that is none.
            series("überfluß.λ", "1", "__name__", "b", "gone", "").sample(Staleness.MARKER, now));
    assertThat(answer.statusCode()).isEqualTo(204);
    assertThat(answer.body()).isEmpty();
    assertThat(values("a")).containsExactly(1.0, 2.5);
    assertThat(Staleness.isStale(values("b").get(0))).isTrue();
    assertThat(
            store
                .select(0, Long.MAX_VALUE, List.of(LabelMatcher.equal(Labels.NAME, "b")))
                .get(0)
                .labels())
        .isEqualTo(Labels.of("__name__", "b", "überfluß.λ", "1"));
    assertThat(meters.get("vigie.remotewrite.samples").counter().count()).isEqualTo(3);
    assertThat(count("vigie.remotewrite.requests", "code", "204")).isEqualTo(1);
  }

  @Test
  void givenProbeStates_whenPushed_thenEachChangeIsToldOnceItIsStored() throws Exception {
    push(series("__name__", "probe_success", "node", "p1").sample(1, now - 3000));
    push(series("__name__", "probe_success", "node", "p1").sample(1, now - 2000));
    push(series("__name__", "probe_duration_seconds", "node", "p1").sample(1, now - 2000));
    Labels probe = Labels.of("__name__", "probe_success", "node", "p1");
    assertThat(changed).containsExactly(probe);
    push(series("__name__", "probe_success", "node", "p1").sample(0, now));
    assertThat(changed).containsExactly(probe, probe);
    push(series("__name__", "probe_success", "node", "p1").sample(1, now - 1000));
    push(series("__name__", "up", "node", "p2").sample(0, now - 600_000));
    push(series("__name__", "probe_success", "node", "foreign").sample(0, now));
    push(series("__name__", "up", "node", "p3").sample(Staleness.MARKER, now));
    assertThat(changed).as("what is late, foreign or an end is no change").hasSize(2);
  }

  @Test
  void givenTheSameAgain_whenPushed_thenTakenAsIfNew() throws Exception {
    Protobuf series = series("__name__", "a").sample(1, now);
    assertThat(push(series).statusCode()).isEqualTo(204);
    assertThat(push(series).statusCode()).isEqualTo(204);
    assertThat(values("a")).containsExactly(1.0);
  }

  @Test
  void givenSomeThatCannotBeTaken_whenPushed_thenTheRestIsStoredAndEachReasonIsTold()
      throws Exception {
    push(series("__name__", "a").sample(1, now));
    HttpResponse<String> answer =
        push(
            series("__name__", "a").sample(9, now).sample(0, now - 5000),
            series("__name__", "late").sample(1, now - 8 * 3_600_000),
            series("__name__", "ahead").sample(1, now + 3_600_000),
            series("no", "name").sample(1, now),
            series("__name__", "twice", "x", "1", "x", "2").sample(1, now).sample(2, now + 1),
            series("__name__", "b", "", "x").sample(1, now),
            series("__name__", "c", "node", "foreign").sample(1, now),
            series("__name__", "good").sample(1, now));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body())
        .isEqualTo(
            "2 of 10 samples are stored; refused for good: 4 with labels that are none, 1 of a node"
                + " that is not the sender, 1 with another value than the one stored for that"
                + " time, 1 too old, 1 too far ahead of the clock here; the first of"
                + " {__name__=\"a\"}\n");
    assertThat(values("a")).containsExactly(0.0, 1.0);
    assertThat(values("good")).containsExactly(1.0);
    assertThat(count("vigie.remotewrite.dropped", "reason", "labels")).isEqualTo(4);
    assertThat(count("vigie.remotewrite.dropped", "reason", "not_theirs")).isEqualTo(1);
    assertThat(answer.headers().firstValue("x-prometheus-remote-write-samples-written"))
        .contains("2");
  }

  @Test
  void givenMoreSeriesThanMayBe_whenPushed_thenThoseThereGoOnAndNobodyIsToTryAgain()
      throws Exception {
    Protobuf[] all = new Protobuf[7];
    for (int i = 0; i < all.length; i++) {
      all[i] = series("__name__", "m" + i).sample(i, now);
    }
    HttpResponse<String> answer = push(all);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).startsWith("5 of 7 ").contains("2 of new series beyond the limit");
    assertThat(push(series("__name__", "m0").sample(1, now + 1000)).statusCode()).isEqualTo(204);
  }

  /** Whole counts: 2 in the zero bucket, 3 and 1 in buckets 2 and 3, 4 in bucket -5 below zero. */
  private Protobuf histogram(int schema, double sum, long time) {
    return new Protobuf()
        .number(1, 10)
        .real(3, sum)
        .number(4, schema << 1)
        .real(5, 0.001)
        .number(6, 2)
        .message(8, new Protobuf().number(1, 9).number(2, 1))
        .number(9, 8)
        .message(11, new Protobuf().number(1, 4).number(2, 2))
        .bytes(12, new byte[] {6, 3})
        .number(14, 1)
        .number(15, time);
  }

  @Test
  void givenNativeHistograms_whenPushed_thenStoredAndABadOneRefused() throws Exception {
    HttpResponse<String> answer =
        push(
            series("__name__", "h").message(4, histogram(1, 18.5, now)),
            series("__name__", "bad").message(4, histogram(99, 1, now)),
            series("__name__", "a").sample(1, now).bytes(3, new byte[0]));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).startsWith("2 of 3 ").contains("1 that are no native histograms");
    assertThat(answer.headers().firstValue("x-prometheus-remote-write-histograms-written"))
        .hasValue("1");
    assertThat(count("vigie.remotewrite.dropped", "reason", "histogram")).isEqualTo(1);
    SampleIterator samples =
        store
            .select(now - 1, now + 1, List.of(LabelMatcher.equal("__name__", "h")))
            .get(0)
            .iterator();
    assertThat(samples.next()).isTrue();
    Histogram stored = java.util.Objects.requireNonNull(samples.histogram());
    assertThat(stored.schema()).isEqualTo(1);
    assertThat(stored.count()).isEqualTo(10);
    assertThat(stored.sum()).isEqualTo(18.5);
    assertThat(stored.zeroCount()).isEqualTo(2);
    assertThat(stored.positive().counts()).containsExactly(3, 1);
    assertThat(stored.positive().index(0)).isEqualTo(2);
    assertThat(stored.negative().counts()).containsExactly(4);
    assertThat(stored.negative().index(0)).isEqualTo(-5);

    push(series("__name__", "h").message(4, histogram(1, Staleness.MARKER, now + 1000)));
    SampleIterator ended =
        store
            .select(now + 1, now + 2000, List.of(LabelMatcher.equal("__name__", "h")))
            .get(0)
            .iterator();
    assertThat(ended.next()).isTrue();
    assertThat(Staleness.isStale(ended.value())).isTrue();
  }

  @Test
  void givenTheSameSeriesAgain_whenPushed_thenSamplesGoOnWhateverTheLabelsLookLike()
      throws Exception {
    for (int i = 0; i < 3; i++) {
      Protobuf apart = series("__name__", "apart").sample(i, now + i).label("x", "y");
      assertThat(push(series("__name__", "a", "x", "1").sample(i, now + i), apart).statusCode())
          .isEqualTo(204);
    }
    assertThat(values("a")).containsExactly(0.0, 1.0, 2.0);
    assertThat(values("apart")).containsExactly(0.0, 1.0, 2.0);
  }

  @Test
  void givenFiftyPowerCuts_whenPushed_thenAllThatWasAnsweredIsThere() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    ForgetfulFiles files = new ForgetfulFiles(seed + 1);
    Path forgetful = Path.of("/samples");
    List<Double> answered = new ArrayList<>();
    int next = 0;
    for (int round = 0; round < 50; round++) {
      server.close();
      ManualClock own = new ManualClock(clock.now());
      DiskSampleStore opened = open(forgetful, files, own, new SimpleMeterRegistry());
      listen(opened);
      for (int i = random.nextInt(8); i >= 0; i--) {
        files.setFailingSyncs(random.nextInt(10) == 0 ? 1 : 0);
        Protobuf one = series("__name__", "a").sample(next, now + next);
        if (push(one).statusCode() == 204) {
          answered.add((double) next);
        }
        next++;
        own.advance(Duration.ofMillis(random.nextInt(20_000)));
      }
      files.setFailingSyncs(0);
      files.powerCut(ForgetfulFiles.Forget.values()[random.nextInt(3)]);
    }
    store.close();
    store = open(forgetful, files, new ManualClock(clock.now()), new SimpleMeterRegistry());
    assertThat(answered).as("seed %s", seed).hasSizeGreaterThan(50);
    assertThat(values("a")).as("seed %s", seed).containsAll(answered).doesNotHaveDuplicates();
  }

  @Test
  void givenVersionTwo_whenPushed_thenStoredAndHowMuchIsSaid() throws Exception {
    Protobuf references = new Protobuf().varint(1).varint(2).varint(3).varint(4);
    Protobuf series = new Protobuf().message(1, references).sample(7, now);
    Protobuf request = new Protobuf();
    for (String symbol : List.of("", "__name__", "a", "instance", "p1")) {
      request.text(4, symbol);
    }
    HttpResponse<String> answer =
        push(
            request.message(5, series).packed(),
            "content-type",
            SECOND,
            "content-encoding",
            "snappy");
    assertThat(answer.statusCode()).isEqualTo(204);
    assertThat(answer.headers().firstValue("x-prometheus-remote-write-samples-written"))
        .contains("1");
    assertThat(answer.headers().firstValue("x-prometheus-remote-write-histograms-written"))
        .contains("0");
    assertThat(values("a")).containsExactly(7.0);
  }

  @Test
  void givenWhatIsNoRemoteWrite_whenPushed_thenRefusedForGoodAndNothingIsStored() throws Exception {
    assertThat(push(new byte[] {1, 2, 3}).statusCode()).isEqualTo(400);
    assertThat(push(new byte[0]).statusCode()).isEqualTo(400);
    byte[] packed = new Protobuf().message(1, series("__name__", "a").sample(1, now)).packed();
    for (int cut = 0; cut < packed.length; cut++) {
      assertThat(push(java.util.Arrays.copyOf(packed, cut)).statusCode()).isEqualTo(400);
    }
    byte[] notUtf8 = {'a', (byte) 0xff};
    assertThat(push(series("__name__", "a").message(1, new Protobuf().bytes(1, notUtf8))).body())
        .contains("UTF-8");
    assertThat(push(packed, "content-encoding", "gzip").statusCode()).isEqualTo(415);
    assertThat(push(packed, "content-type", "text/plain").statusCode()).isEqualTo(415);
    assertThat(push(packed, "content-type", "application/x-protobuf;proto=x").statusCode())
        .isEqualTo(415);
    assertThat(values("a")).isEmpty();
    assertThat(push(packed).statusCode()).isEqualTo(204);
  }

  @Test
  void givenMoreThanTheLimits_whenPushed_then413() throws Exception {
    assertThat(push(new byte[10_001]).statusCode()).isEqualTo(413);
    byte[] large = new byte[200_000];
    byte[] bomb = new Protobuf().bytes(9, large).packed();
    assertThat(bomb.length).isLessThan(10_000);
    HttpResponse<String> unpacked = push(bomb);
    assertThat(unpacked.statusCode()).isEqualTo(413);
    assertThat(unpacked.body()).contains("100000 are allowed");
    Protobuf[] many = new Protobuf[21];
    for (int i = 0; i < many.length; i++) {
      many[i] = series("__name__", "m" + i).sample(1, now);
    }
    assertThat(push(many).statusCode()).isEqualTo(413);
  }

  @Test
  void givenDiskThatRefuses_whenPushed_thenTheSenderIsToTryAgainAndNodesAreNotHeard()
      throws Exception {
    server.close();
    listen(new Refusing());
    HttpResponse<String> answer = push(series("__name__", "up", "node", "p1").sample(1, now));
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(heard).isEmpty();
    assertThat(count("vigie.remotewrite.requests", "code", "503")).isEqualTo(1);
  }

  @Test
  void givenSignsOfLife_whenPushed_thenTheirNodesAreHeardAndNoOthers() throws Exception {
    assertThat(
            push(
                    series("__name__", "up", "node", "scraped").sample(1, now),
                    series("__name__", "up", "node", "down").sample(0, now),
                    series("__name__", "up", "node", "past").sample(1, now - 600_000),
                    series("__name__", "kube_pod_info", "node", "pod-host").sample(1, now),
                    series("__name__", "vigie_build_info", "node", "agent").sample(1, now))
                .statusCode())
        .isEqualTo(204);
    push(
        series("__name__", "vigie_build_info", "node", "stopped").sample(Staleness.MARKER, now),
        series("__name__", "up", "node", "foreign").sample(1, now));
    assertThat(heard).containsExactly("scraped", "agent");
  }

  /** Takes samples and cannot make them durable. */
  private static final class Refusing implements SampleStore {
    @Override
    public void append(Labels labels, long timeMillis, double value) {}

    @Override
    public void append(Labels labels, long timeMillis, Histogram histogram) {}

    @Override
    public Outcome appendLate(Labels labels, long timeMillis, double value) {
      return Outcome.APPENDED;
    }

    @Override
    public Outcome appendLate(Labels labels, long timeMillis, Histogram histogram) {
      return Outcome.APPENDED;
    }

    @Override
    public void commit() {
      throw new UncheckedIOException(new IOException("no space left"));
    }

    @Override
    public List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
      return List.of();
    }
  }
}
