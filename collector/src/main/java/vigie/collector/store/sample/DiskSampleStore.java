package vigie.collector.store.sample;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.DiskRoom;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Coarse;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.SampleTap;
import vigie.collector.sample.Series;

/**
 * Keeps samples over restarts: the newest hours in memory ({@link Head}) and in a log ({@link
 * Wal}), which is synced once a second and at each {@link #commit}; what is older in blocks ({@link
 * Blocks}). Safe for all threads.
 *
 * <p>A block is cut from memory once no sample may come for it any more, and what it holds is
 * dropped from memory and log then; blocks are merged into larger ones.
 */
public final class DiskSampleStore implements SampleStore, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DiskSampleStore.class);
  private static final Duration COMMIT = Duration.ofSeconds(1);
  private static final Duration KEEP = Duration.ofSeconds(30);

  /** Rules look back this far whatever the memory. */
  private static final long LEAST_MILLIS = 600_000;

  /** Age means nothing while the clock may be wrong. */
  private static final long TRUSTED_NANOS = 600_000_000_000L;

  private static final long STEP_MILLIS = 10_000;
  private static final long LONGEST_LOG = 128L << 20;

  private final SampleStoreOptions options;
  private final Clock clock;
  private final Head head;
  private final Path folder;
  private final Wal wal;
  private final Blocks blocks;

  /** The coarsest first. */
  private final List<Tier> tiers;

  private final Counter failures;
  private final List<Scheduler.Task> tasks = new ArrayList<>();
  private final AtomicBoolean committing = new AtomicBoolean();
  private final AtomicBoolean keeping = new AtomicBoolean();
  private final Map<Outcome, LongAdder> outcomes = new EnumMap<>(Outcome.class);
  private final LongAdder lost = new LongAdder();

  // Guarded by this, which whoever keeps house holds.
  private long clockOffset;
  private long trustedFrom;
  private long checkpointBytes;
  private String failure = "";
  private boolean closed;

  private DiskSampleStore(
      Path folder,
      SampleStoreOptions options,
      Clock clock,
      Head head,
      Wal wal,
      Blocks blocks,
      List<Tier> tiers,
      MeterRegistry meters) {
    this.folder = folder;
    this.options = options;
    this.clock = clock;
    this.head = head;
    this.wal = wal;
    this.blocks = blocks;
    this.tiers = tiers;
    this.clockOffset = clock.millis() - clock.nanos() / 1_000_000;
    this.trustedFrom = clock.nanos() + TRUSTED_NANOS;
    this.checkpointBytes = wal.sizeBytes();
    this.failures =
        Counter.builder("vigie.samples.store.failures")
            .description("What the sample store tried to write and the disk refused.")
            .register(meters);
    for (Outcome outcome : Outcome.values()) {
      outcomes.put(outcome, new LongAdder());
    }
    register(meters);
  }

  private void register(MeterRegistry meters) {
    Gauge.builder("vigie.series", head, Head::size)
        .description("Series in memory: those with samples in the last hours.")
        .register(meters);
    Gauge.builder("vigie.series.limit", head, Head::maxSeries)
        .description("How many series there may be in memory.")
        .register(meters);
    Gauge.builder("vigie.samples.memory", head, Head::sizeBytes)
        .description("What series and samples take in memory, about.")
        .baseUnit("bytes")
        .register(meters);
    Gauge.builder("vigie.samples.disk", this, DiskSampleStore::sizeBytes)
        .description("What the sample store takes on the disk.")
        .baseUnit("bytes")
        .register(meters);
    Gauge.builder("vigie.samples.blocks", blocks, b -> b.all().size())
        .description("Files of samples.")
        .register(meters);
    Gauge.builder("vigie.samples.oldest.timestamp", this, store -> store.oldestMillis() / 1000.0)
        .description("How far back samples go.")
        .baseUnit("seconds")
        .register(meters);
    FunctionCounter.builder("vigie.samples.damage", this, DiskSampleStore::damageCount)
        .description("How often samples on the disk could not be read.")
        .register(meters);
    outcomes.forEach(
        (outcome, count) -> {
          if (outcome == Outcome.APPENDED) {
            FunctionCounter.builder("vigie.samples.appended", count, LongAdder::sum)
                .description("Samples taken into the sample store.")
                .register(meters);
          } else if (outcome != Outcome.SAME) {
            dropped(meters, outcome.name().toLowerCase(Locale.ROOT), count);
          }
        });
    dropped(meters, "disk", lost);
  }

  private long sizeBytes() {
    return wal.sizeBytes() + blocks.sizeBytes() + coarseBytes();
  }

  private long coarseBytes() {
    return tiers.stream().mapToLong(tier -> tier.blocks.sizeBytes()).sum();
  }

  private long damageCount() {
    long ofTiers = tiers.stream().mapToLong(tier -> tier.blocks.damageCount()).sum();
    return wal.faultCount() + blocks.damageCount() + ofTiers;
  }

  private static void dropped(MeterRegistry meters, String reason, LongAdder count) {
    FunctionCounter.builder("vigie.samples.dropped", count, LongAdder::sum)
        .description("Samples that the sample store did not take, or could not keep.")
        .tag("reason", reason)
        .register(meters);
  }

  /**
   * Opens the store in a folder of its own, made if absent, and reads back what was in memory.
   *
   * @param writer runs what waits for the disk each second
   * @param keeper runs what may take minutes: cutting and merging blocks
   * @throws UncheckedIOException if that cannot be done
   */
  public static DiskSampleStore open(
      Path folder,
      SampleStoreOptions options,
      FileLayer files,
      Clock clock,
      Scheduler scheduler,
      Executor writer,
      Executor keeper,
      MeterRegistry meters) {
    Blocks blocks = null;
    Wal wal = null;
    List<Tier> tiers = new ArrayList<>();
    try {
      // The log's lock guards the folder of blocks, too.
      wal = Wal.open(folder.resolve("wal"), files, options.segmentBytes());
      blocks = Blocks.open(folder.resolve("blocks"), files, clock, options.memoryBytes() / 8);
      for (SampleStoreOptions.Resolution resolution : options.coarse()) {
        long indexBytes = options.memoryBytes() / 32;
        tiers.add(Tier.open(folder, resolution, files, clock, indexBytes));
      }
      Head head = new Head(options.maxSeries(), options.late().toMillis(), clock::millis);
      blocks.skipTo(wal.replay(head, blocks.lastNumber(), blocks.end(), clock));
      if (head.size() == 0) {
        head.setHorizon(Math.max(head.horizon(), clock.millis() - options.late().toMillis()));
      }
      head.logTo(wal);
      DiskSampleStore store =
          new DiskSampleStore(
              folder, options, clock, head, wal, blocks, List.copyOf(tiers), meters);
      store.tasks.add(
          scheduler.every(COMMIT, COMMIT, () -> store.run(store.committing, writer, store::tick)));
      store.tasks.add(
          scheduler.every(KEEP, KEEP, () -> store.run(store.keeping, keeper, store::keepHouse)));
      return store;
    } catch (IOException e) {
      tiers.forEach(tier -> closeQuietly(tier.blocks));
      closeQuietly(blocks);
      closeQuietly(wal);
      throw new UncheckedIOException(
          "cannot open the sample store in " + folder + ": " + DiskRoom.reason(folder, e), e);
    }
  }

  /** Has a tap hear of all samples from now on. */
  public void tapTo(SampleTap tap) {
    wal.tapTo(tap);
  }

  private static void closeQuietly(@Nullable AutoCloseable opened) {
    try {
      if (opened != null) {
        opened.close();
      }
    } catch (Exception e) {
      log.debug("not closed cause=\"{}\"", e.getMessage());
    }
  }

  /** Runs a task unless its last run is under way. */
  private void run(AtomicBoolean busy, Executor executor, Runnable task) {
    if (busy.compareAndSet(false, true)) {
      executor.execute(
          () -> {
            try {
              task.run();
            } finally {
              busy.set(false);
            }
          });
    }
  }

  private void tick() {
    if (!wal.isBroken()) {
      try {
        wal.commit();
      } catch (UncheckedIOException e) {
        failures.increment(); // told by the log, and tried again by keepHouse
      }
    }
  }

  @Override
  public void append(Labels labels, long timeMillis, double value) {
    count(head.append(labels, timeMillis, value, false));
  }

  @Override
  public Outcome appendLate(Labels labels, long timeMillis, double value) {
    return count(head.append(labels, timeMillis, value, true));
  }

  @Override
  public void append(Labels labels, long timeMillis, Histogram histogram) {
    count(head.append(labels, timeMillis, histogram, false));
  }

  @Override
  public Outcome appendLate(Labels labels, long timeMillis, Histogram histogram) {
    return count(head.append(labels, timeMillis, histogram, true));
  }

  private Outcome count(Outcome outcome) {
    LongAdder count = outcomes.get(outcome);
    if (count != null) {
      count.increment();
    }
    return outcome;
  }

  @Override
  public void commit() {
    wal.commit();
  }

  @Override
  public List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    // In this order: what is cut from memory meanwhile is in a block by then.
    List<HeadSeries.Snapshot> recent = head.select(fromMillis, toMillis, matchers);
    List<Blocks.Found> older = blocks.select(fromMillis, toMillis, matchers);
    return older.isEmpty() ? List.copyOf(recent) : joined(older, recent, fromMillis, toMillis);
  }

  private List<Series> joined(
      List<Blocks.Found> older, List<HeadSeries.Snapshot> recent, long fromMillis, long toMillis) {
    Map<Labels, Joined> joined = new HashMap<>();
    for (Blocks.Found found : older) {
      Labels labels = found.entry().labels();
      joined
          .computeIfAbsent(labels, l -> new Joined(blocks, l, fromMillis, toMillis))
          .older
          .add(found);
    }
    for (HeadSeries.Snapshot snapshot : recent) {
      joined.computeIfAbsent(snapshot.labels(), l -> new Joined(blocks, l, fromMillis, toMillis))
              .recent =
          snapshot;
    }
    return sorted(joined.values());
  }

  @Override
  public SortedSet<Labels> labelSets(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    SortedSet<Labels> found = new TreeSet<>();
    look(fromMillis, toMillis, matchers, null, found::add);
    return found;
  }

  @Override
  public SortedSet<String> labelNames(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    SortedSet<String> names = new TreeSet<>();
    look(
        fromMillis,
        toMillis,
        matchers,
        index -> index.eachName(names::add),
        labels -> names.addAll(Labels.names(List.of(labels))));
    return names;
  }

  @Override
  public SortedSet<String> labelValues(
      String name, long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    SortedSet<String> values = new TreeSet<>();
    look(
        fromMillis,
        toMillis,
        matchers,
        index -> index.eachValue(name, values::add),
        labels -> {
          if (labels.has(name)) {
            values.add(labels.get(name));
          }
        });
    return values;
  }

  private void look(
      long fromMillis,
      long toMillis,
      List<LabelMatcher> matchers,
      @Nullable Consumer<LabelIndex> all,
      Consumer<Labels> each) {
    // In this order, as for select.
    head.look(fromMillis, toMillis, matchers, all, each);
    blocks.look(fromMillis, toMillis, matchers, all, each);
    for (Tier tier : tiers) {
      tier.blocks.look(fromMillis, toMillis, matchers, all, each);
    }
  }

  @Override
  public boolean hasCoarse(long fromMillis, long toMillis, Coarse wanted) {
    return !parts(fromMillis, toMillis, wanted).isEmpty();
  }

  /** A time for which a tier is taken. */
  private record Part(Tier tier, long from, long to) {}

  /** One behind the other from the start; samples come behind them. */
  private List<Part> parts(long fromMillis, long toMillis, Coarse wanted) {
    long samplesFrom = oldestMillis();
    List<Part> parts = new ArrayList<>();
    long from = fromMillis;
    for (int i = 0; i < tiers.size(); i++) {
      Tier tier = tiers.get(i);
      long every = tier.resolutionMillis;
      // It must not hide what it no longer has and a finer one or the samples still have.
      if (every > wanted.resolutionMillis()
          || (tier.oldest() > from && tier.oldest() > oldestFrom(i + 1, samplesFrom))) {
        continue;
      }
      long to = Math.min(toMillis, tier.newest());
      // Samples before the oldest of which there are any stand in the value behind them.
      to = wanted.always() ? to : Math.min(to, Math.floorDiv(samplesFrom, every) * every);
      if (to >= from) {
        parts.add(new Part(tier, from, to));
        from = to + 1;
      }
    }
    return parts;
  }

  private long oldestFrom(int finer, long samplesFrom) {
    long oldest = samplesFrom;
    for (Tier tier : tiers.subList(finer, tiers.size())) {
      oldest = Math.min(oldest, tier.oldest());
    }
    return oldest;
  }

  @Override
  public List<Series> select(
      long fromMillis, long toMillis, List<LabelMatcher> matchers, Coarse wanted) {
    List<Part> parts = parts(fromMillis, toMillis, wanted);
    long until = parts.isEmpty() ? fromMillis : parts.get(parts.size() - 1).to + 1;
    Map<Labels, CoarseSeries> found = new HashMap<>();
    for (Part part : parts) {
      for (Blocks.Found one : part.tier.blocks.select(part.from, part.to, matchers)) {
        coarse(found, one.entry().labels(), wanted, until).add(part.tier, one, part.from, part.to);
      }
    }
    if (until <= toMillis) {
      for (Series samples : select(until, toMillis, matchers)) {
        coarse(found, samples.labels(), wanted, until).add(samples);
      }
    }
    // Of histograms there are samples only.
    if (blocks.hasHistograms(fromMillis, until - 1)) {
      for (Series samples : select(fromMillis, toMillis, matchers)) {
        CoarseSeries series = coarse(found, samples.labels(), wanted, until);
        if (!series.isCoarse()) {
          series.add(samples);
        }
      }
    }
    List<Series> all = new ArrayList<>(found.values());
    all.sort((one, other) -> one.labels().compareTo(other.labels()));
    return all;
  }

  private static CoarseSeries coarse(
      Map<Labels, CoarseSeries> found, Labels labels, Coarse wanted, long until) {
    return found.computeIfAbsent(labels, l -> new CoarseSeries(l, wanted.column(), until));
  }

  private static List<Series> sorted(Collection<Joined> joined) {
    List<Series> all = new ArrayList<>(joined.size());
    for (Joined series : joined) {
      if (series.hasSample()) {
        all.add(series);
      }
    }
    all.sort((one, other) -> one.labels().compareTo(other.labels()));
    return all;
  }

  /** One series in blocks and memory. */
  private static final class Joined implements Series {
    private final Blocks blocks;
    private final Labels labels;
    private final long from;
    private final long to;
    private final List<Blocks.Found> older = new ArrayList<>(2);
    private HeadSeries.@Nullable Snapshot recent;

    Joined(Blocks blocks, Labels labels, long from, long to) {
      this.blocks = blocks;
      this.labels = labels;
      this.from = from;
      this.to = to;
    }

    @Override
    public Labels labels() {
      return labels;
    }

    boolean hasSample() {
      if (recent != null) {
        return true;
      }
      for (Blocks.Found found : older) {
        BlockIndex.Entry entry = found.entry();
        if (entry.first() >= from || entry.last() <= to) {
          return true;
        }
      }
      return iterator().next();
    }

    @Override
    public SampleIterator iterator() {
      List<Chunk> chunks = new ArrayList<>();
      for (Blocks.Found found : older) {
        Chunks.append(chunks, blocks.read(found, from, to));
      }
      return recent == null
          ? new ChunkIterator(
              chunks.toArray(Chunk[]::new), 0, new int[0], new double[0], null, 0, from, to)
          : recent.after(chunks);
    }
  }

  /** How far back samples go; now where there are none. */
  public long oldestMillis() {
    List<Block> all = blocks.all();
    long oldest = all.isEmpty() ? head.oldestMillis() : all.get(0).from;
    return oldest == Long.MAX_VALUE ? clock.millis() : oldest;
  }

  /** Cuts and merges blocks, drops what is too old, and mends the log: what each needs. */
  synchronized void keepHouse() {
    if (closed) {
      return;
    }
    try {
      // What makes room first, and the log before blocks: on a disk that is nearly full it may fit
      // where a block does not.
      retain();
      if (wal.isBroken() || wal.sizeBytes() > 2 * checkpointBytes + LONGEST_LOG) {
        checkpoint();
      }
      cut();
      for (Tier tier : tiers) {
        tier.advance(
            blocks.all(),
            (from, to) -> joined(blocks.select(from, to, List.of()), List.of(), from, to));
        long horizon = horizonByAge(tier.retention);
        tier.keepHouse(options.block().toMillis(), horizon, options.mostBytes() / 4);
      }
      long largest = Math.max(options.block().toMillis(), options.retention().toMillis() / 10);
      while (blocks.compact(options.block().toMillis(), largest)) {
        // until nothing is due
      }
      retain();
      blocks.closeRetired();
      if (!failure.isEmpty()) {
        log.info("sample store is well again");
        failure = "";
      }
    } catch (IOException | UncheckedIOException e) {
      String words = String.valueOf(e.getMessage());
      failed(words + DiskRoom.hint(folder, words));
    }
  }

  private void retain() throws IOException {
    long left = options.mostBytes() - wal.sizeBytes() - coarseBytes();
    blocks.retain(downSampled(horizonByAge(options.retention())), left, "storage.samples");
  }

  /** A horizon before which all is down-sampled; not much older, should that fail. */
  private long downSampled(long horizonMillis) {
    if (horizonMillis == Long.MIN_VALUE) {
      return horizonMillis;
    }
    long horizon = horizonMillis;
    for (Tier tier : tiers) {
      if (!tier.retention.isZero()) {
        horizon = Math.min(horizon, tier.done() + 1);
      }
    }
    return Math.max(horizon, horizonMillis - 2 * options.block().toMillis());
  }

  private void failed(String what) {
    failures.increment();
    if (!failure.equals(what)) {
      log.error("sample store cannot write, it is tried again cause=\"{}\"", what);
      failure = what;
    }
  }

  /** Cuts what nothing may come for any more; more where memory is short. */
  private void cut() throws IOException {
    long range = options.block().toMillis();
    while (true) {
      long oldest = head.oldestMillis();
      if (oldest == Long.MAX_VALUE) {
        return;
      }
      long now = clock.millis();
      long end = (Math.floorDiv(oldest, range) + 1) * range;
      boolean crowded = head.sizeBytes() > options.memoryBytes();
      if (end > now - options.late().toMillis()) {
        if (!crowded || oldest >= now - LEAST_MILLIS) {
          return;
        }
        end = Math.min(end, now - LEAST_MILLIS);
      }
      cut(end, crowded);
    }
  }

  private void cut(long end, boolean crowded) throws IOException {
    // First, so that nothing comes for the block while it is written.
    head.setHorizon(Math.max(head.horizon(), end));
    List<HeadSeries> all = new ArrayList<>(head.all());
    all.sort((one, other) -> one.labels.compareTo(other.labels));
    try {
      blocks.write(
          head.oldestMillis(),
          end,
          writer -> {
            for (HeadSeries series : all) {
              blocks.throwIfStopped();
              List<Chunk> chunks = series.chunksBefore(end);
              Chunks.joinSmall(chunks);
              if (!chunks.isEmpty()) {
                writer.add(series.labels, chunks);
              }
            }
          });
    } catch (IOException e) {
      if (crowded) {
        all.forEach(s -> s.chunksBefore(end).forEach(chunk -> lost.add(chunk.count)));
        head.truncate(end);
      }
      throw e;
    }
    wal.horizon(end, blocks.lastNumber());
    head.truncate(end);
    checkpoint();
  }

  private void checkpoint() {
    wal.checkpoint(head);
    checkpointBytes = wal.sizeBytes();
  }

  /** Nothing is too old for a while after the start and after a step of the clock. */
  private long horizonByAge(Duration retention) {
    long offset = clock.millis() - clock.nanos() / 1_000_000;
    if (Math.abs(offset - clockOffset) > STEP_MILLIS) {
      trustedFrom = clock.nanos() + TRUSTED_NANOS;
    }
    clockOffset = offset;
    return clock.nanos() - trustedFrom < 0 ? Long.MIN_VALUE : clock.millis() - retention.toMillis();
  }

  /** Makes what is in memory certain. Call it when nothing is appended any more. */
  @Override
  public void close() {
    tasks.forEach(Scheduler.Task::cancel);
    blocks.stop();
    tiers.forEach(tier -> tier.blocks.stop());
    synchronized (this) {
      closed = true;
      closeQuietly(wal);
      closeQuietly(blocks);
      tiers.forEach(tier -> closeQuietly(tier.blocks));
    }
  }
}
