package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleStore;

class MemorySampleStoreTest extends SampleStoreContract {
  @Override
  SampleStore store() {
    return new MemorySampleStore(1000);
  }

  @Test
  void givenFullStore_whenSeriesComes_thenItsSamplesAreDropped() {
    SampleStore store = new MemorySampleStore(2);
    store.append(UP_A, 1, 1);
    store.append(UP_B, 1, 1);

    assertThat(store.appendLate(LOAD, 1, 1)).isEqualTo(Outcome.SERIES_LIMIT);
    store.append(UP_A, 2, 2);

    assertThat(labels(store, equal("instance", "a"))).containsExactly(UP_A);
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
}
