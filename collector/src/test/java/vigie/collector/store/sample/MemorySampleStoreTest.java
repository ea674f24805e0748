package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import vigie.base.time.ManualClock;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleStore;

class MemorySampleStoreTest extends SampleStoreContract {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ManualClock clock = new ManualClock();

  @Override
  SampleStore store() {
    return new MemorySampleStore(Duration.ZERO, 1000, clock, meters);
  }

  @Test
  void givenRetention_whenSamplesAge_thenTheyAreNotSeenAndTheSeriesGoes() {
    SampleStore store = new MemorySampleStore(Duration.ofHours(1), 1000, clock, meters);
    long start = clock.millis();
    store.append(UP_B, start, 1);
    for (int i = 0; i <= 120; i++) {
      store.append(UP_A, clock.millis(), i);
      clock.advance(Duration.ofMinutes(1));
    }

    assertThat(meters.get("vigie.series").gauge().value()).isEqualTo(1);
    assertThat(labels(store, name("up"))).containsExactly(UP_A);
    assertThat(samples(store, 0, Long.MAX_VALUE)).hasSize(60);

    clock.advance(Duration.ofHours(2));
    store.append(LOAD, clock.millis(), 1);
    assertThat(meters.get("vigie.series").gauge().value()).isEqualTo(1);
    assertThat(labels(store, name("up"))).isEmpty();
    store.append(UP_A, clock.millis(), 7);
    assertThat(samples(store, 0, Long.MAX_VALUE)).containsExactly(clock.millis() + "=7.0");
  }

  @Test
  void givenSampleOlderThanRetention_whenAppended_thenDroppedAndCounted() {
    SampleStore store = new MemorySampleStore(Duration.ofHours(1), 1000, clock, meters);

    store.append(UP_A, clock.millis() - Duration.ofHours(2).toMillis(), 1);

    assertThat(dropped("too_old")).isEqualTo(1);
    assertThat(meters.get("vigie.series").gauge().value()).isZero();
  }

  @Test
  void givenLittleMemory_whenSamplesComeForDays_thenTheOldestGoBeforeTheirTime() {
    long most = 44_000; // of which the one series takes 4,000
    SampleStore store = new MemorySampleStore(Duration.ofDays(15), 10, most, clock, meters);
    for (int i = 0; i < 40_000; i++) {
      store.append(UP_A, clock.millis(), Math.sin(i));
      clock.advance(Duration.ofSeconds(15));
    }

    assertThat(meters.get("vigie.samples.packed").gauge().value()).isBetween(1.0, most * 1.2);
    assertThat(meters.get("vigie.samples.kept").gauge().value())
        .isBetween(600.0, Duration.ofDays(1).toSeconds() * 1.0);
    assertThat(samples(store, 0, Long.MAX_VALUE)).hasSizeGreaterThan(240);
  }

  @Test
  void givenManySeries_whenSamplesCome_thenTheirPlainSamplesCountAsMemoryToo() {
    long most = 100_000;
    SampleStore store = new MemorySampleStore(Duration.ofDays(15), 20, most, clock, meters);
    for (int i = 0; i < 2_000; i++) {
      for (int k = 0; k < 20; k++) {
        store.append(Labels.of("__name__", "m", "k", "" + k), clock.millis(), Math.sin(i + k));
      }
      clock.advance(Duration.ofSeconds(15));
    }

    // 20 series of about 4 kB each leave 20 kB.
    assertThat(meters.get("vigie.samples.packed").gauge().value()).isLessThan(40_000);
  }

  @Test
  void givenClockSetBack_whenAppended_thenSamplesOfTheFutureGiveWay() {
    SampleStore store = new MemorySampleStore(Duration.ofDays(15), 10, clock, meters);
    long start = clock.millis();
    for (int i = 0; i < 500; i++) {
      store.append(UP_A, clock.millis(), i);
      clock.advance(Duration.ofSeconds(15));
    }
    clock.step(Duration.ofMinutes(-100)); // 400 samples: through the plain and the packed ones
    long back = clock.millis();
    for (int i = 0; i < 300; i++) {
      store.append(UP_A, clock.millis(), -i);
      clock.advance(Duration.ofSeconds(15));
    }

    List<String> all = samples(store, 0, Long.MAX_VALUE);
    assertThat(all).hasSize(400);
    assertThat(all.get(99)).isEqualTo(start + 99 * 15_000L + "=99.0");
    assertThat(all.get(100)).isEqualTo(back + "=0.0");
    assertThat(all.get(399)).isEqualTo(back + 299 * 15_000L + "=-299.0");
    assertThat(dropped("out_of_order")).isZero();
  }

  @Test
  void givenSampleFarAhead_whenAppended_thenDroppedAndCounted() {
    SampleStore store = new MemorySampleStore(Duration.ofDays(15), 10, clock, meters);

    store.append(UP_A, clock.millis() + Duration.ofHours(1).toMillis(), 1);
    store.append(UP_A, clock.millis(), 2);

    assertThat(dropped("too_far_ahead")).isEqualTo(1);
    assertThat(samples(store, 0, Long.MAX_VALUE)).containsExactly(clock.millis() + "=2.0");
  }

  @Test
  void givenFullStore_whenSeriesComes_thenItsSamplesAreDroppedAndCounted() {
    SampleStore store = new MemorySampleStore(Duration.ZERO, 2, clock, meters);
    store.append(UP_A, 1, 1);
    store.append(UP_B, 1, 1);

    store.append(LOAD, 1, 1);
    store.append(UP_A, 2, 2);

    assertThat(dropped("series_limit")).isEqualTo(1);
    assertThat(labels(store, equal("instance", "a"))).containsExactly(UP_A);
    assertThat(meters.get("vigie.samples.appended").functionCounter().count()).isEqualTo(3);
  }

  @Test
  void givenSampleNotNewer_whenAppended_thenCounted() {
    SampleStore store = store();
    store.append(UP_A, 2, 1);
    store.append(UP_A, 2, 1);
    store.append(UP_A, 1, 1);

    assertThat(dropped("out_of_order")).isEqualTo(2);
  }

  @Test
  void givenRegularSamples_whenPacked_thenSmall() {
    int[] offsets = new int[MemorySeries.PACKED];
    double[] values = new double[MemorySeries.PACKED];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = i * 15_000;
      values[i] = i;
    }

    XorChunk chunk = XorChunk.of(1_700_000_000_000L, offsets, values, offsets.length);

    assertThat(chunk.sizeBytes()).isLessThan(4 * offsets.length);
  }

  @Test
  void givenWritersAndReadersAtOnce_whenDone_thenNothingIsLost() throws Exception {
    SampleStore store = store();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<?>> running = new ArrayList<>();
    for (int writer = 0; writer < 3; writer++) {
      Labels labels = Labels.of(Labels.NAME, "up", "instance", "i" + writer);
      running.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 5000; i++) {
                  store.append(labels, i, i);
                }
              }));
    }
    running.add(
        threads.submit(
            () -> {
              for (int i = 0; i < 200; i++) {
                samples(store, 0, 10_000);
              }
            }));

    for (Future<?> task : running) {
      task.get(60, TimeUnit.SECONDS);
    }
    threads.shutdown();

    assertThat(samples(store, 0, 10_000)).hasSize(15_000);
  }

  private double dropped(String reason) {
    return meters.get("vigie.samples.dropped").tag("reason", reason).functionCounter().count();
  }
}
