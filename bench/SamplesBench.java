import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;
import vigie.collector.store.sample.DiskSampleStore;
import vigie.collector.store.sample.SampleStoreOptions;

/** Fills a store with a file of OpenMetrics lines and tells what that takes; see samples_bench.py. */
class SamplesBench {
  private static long nowMillis;
  private static final List<Runnable> TASKS = new ArrayList<>();

  private record One(Labels labels, List<Long> times, List<Double> values) {}

  public static void main(String[] args) throws Exception {
    Map<String, One> all = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      if (!line.startsWith("#")) {
        int end = line.lastIndexOf(' ');
        int middle = line.lastIndexOf(' ', end - 1);
        One one = all.computeIfAbsent(line.substring(0, middle), s -> new One(labels(s), new ArrayList<>(), new ArrayList<>()));
        one.values.add(Double.parseDouble(line.substring(middle + 1, end).replace("Inf", "Infinity")));
        one.times.add(Long.parseLong(line.substring(end + 1)) * 1000);
      }
    }
    long start = all.values().iterator().next().times.get(0);
    nowMillis = start;
    long before = used();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    DiskSampleStore store = open(Path.of(args[1]), meters);
    long cpu = cpuNanos();
    long samples = 0;
    int most = all.values().stream().mapToInt(one -> one.times.size()).max().orElse(0);
    double memory = 0;
    for (int i = 0; i < most; i++) {
      nowMillis = start + i * 15_000L;
      for (One one : all.values()) {
        if (i < one.times.size()) {
          store.append(one.labels, one.times.get(i), one.values.get(i));
          samples++;
        }
      }
      TASKS.get(0).run();
      if (i == 120 || i == most - 1) {
        System.out.printf("heap_bytes_per_series_after_%d %.0f%n", i + 1, (used() - before) / (double) all.size());
      }
    }
    cpu = cpuNanos() - cpu;
    long wal = size(Path.of(args[1], "wal"));
    System.out.printf("series %d%n", all.size());
    System.out.printf("appends_per_cpu_second %.0f (log and sync included)%n", samples * 1e9 / cpu);
    System.out.printf("log_bytes_per_sample %.3f%n", wal / (double) samples);
    store.close();
    long restart = System.nanoTime();
    TASKS.clear();
    store = open(Path.of(args[1]), meters);
    System.out.printf("restart_ms %.0f (%d samples in the log)%n", (System.nanoTime() - restart) / 1e6, samples);
    nowMillis = start + 24 * 3600_000L;
    restart = System.nanoTime();
    TASKS.get(1).run();
    System.out.printf("cut_and_merged_ms %.0f%n", (System.nanoTime() - restart) / 1e6);
    System.out.printf("block_bytes_per_sample %.3f%n", size(Path.of(args[1], "blocks")) / (double) samples);
    for (int round = 0; round < 5; round++) {
      long began = System.nanoTime();
      long read = 0;
      for (Series series : store.select(start, nowMillis, List.of(LabelMatcher.equal("__name__", "node_cpu_seconds_total")))) {
        SampleIterator in = series.iterator();
        while (in.next()) {
          read++;
        }
      }
      System.out.printf("query_%d_us_from_blocks %.0f (%d samples)%n", round, (System.nanoTime() - began) / 1e3, read);
    }
    store.close();
  }

  private static DiskSampleStore open(Path folder, SimpleMeterRegistry meters) {
    Clock clock = new Clock() {
      @Override
      public Instant now() {
        return Instant.ofEpochMilli(nowMillis);
      }

      @Override
      public long nanos() {
        return System.nanoTime();
      }
    };
    Scheduler scheduler = new Scheduler() {
      @Override
      public Task after(Duration delay, Runnable task) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Task every(Duration initial, Duration period, Runnable task) {
        TASKS.add(task);
        return () -> {};
      }
    };
    return DiskSampleStore.open(
        folder, SampleStoreOptions.keeping(Duration.ofDays(15), 10L << 30), FileLayer.disk(), clock, scheduler, Runnable::run, Runnable::run, meters);
  }

  private static Labels labels(String series) {
    Labels.Builder labels = new Labels.Builder();
    int brace = series.indexOf('{');
    labels.set(Labels.NAME, series.substring(0, brace));
    for (int at = brace + 1; series.charAt(at) != '}'; ) {
      int equals = series.indexOf('=', at);
      StringBuilder value = new StringBuilder();
      int i = equals + 2;
      for (; series.charAt(i) != '"'; i++) {
        if (series.charAt(i) == '\\') {
          i++;
        }
        value.append(series.charAt(i));
      }
      labels.set(series.substring(at, equals), value.toString());
      at = series.charAt(i + 1) == ',' ? i + 2 : i + 1;
    }
    return labels.build();
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  private static long size(Path folder) throws Exception {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(f -> f.toFile().length()).sum();
    }
  }
}
