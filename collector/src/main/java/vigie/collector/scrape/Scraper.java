package vigie.collector.scrape;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;

/**
 * Scrapes all targets of all jobs. Each target has its own place within the interval, given by its
 * address and labels, so that the load is spread and stays the same over restarts. What discovery
 * found is looked at every five seconds.
 */
public final class Scraper implements AutoCloseable {
  private static final Duration LOOK = Duration.ofSeconds(5);
  private static final int FREE_BODIES = 4;

  private final Discovery.Tools tools;
  private final Appender samples;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final ScrapeListener listener;
  private final Scheduler.Task look;
  private final Queue<byte[]> bodies = new ArrayBlockingQueue<>(FREE_BODIES);

  /** Whether files are being read, which a disk that hangs may take for long. */
  private final AtomicBoolean looking = new AtomicBoolean();

  // Guarded by this; in the order of the configuration.
  private Map<String, ScrapePool> pools = new LinkedHashMap<>();
  private boolean closed;

  /**
   * Nothing is scraped before {@link #configure}.
   *
   * @param blocking looks up names, reads certificates, asks for targets
   * @param executor parses and appends
   */
  public Scraper(
      EventLoops loops,
      Executor blocking,
      Appender samples,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      ScrapeListener listener) {
    this.tools =
        new Discovery.Tools(
            loops,
            blocking,
            Lookup.SYSTEM,
            new DnsResolver(Path.of("/etc/resolv.conf"), clock),
            clock,
            scheduler);
    this.samples = samples;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.listener = listener;
    this.look = scheduler.every(LOOK, LOOK, () -> blocking.execute(this::look));
  }

  /**
   * Takes new jobs: targets that stay the same go on undisturbed, those that are gone turn stale.
   */
  public synchronized void configure(List<ScrapeConfig> jobs) {
    Map<String, ScrapePool> old = new LinkedHashMap<>(pools);
    pools = new LinkedHashMap<>();
    List<ScrapePool.Running> gone = new ArrayList<>();
    for (ScrapeConfig job : jobs) {
      ScrapePool pool = old.remove(job.jobName());
      if (pool == null) {
        pool = new ScrapePool(job, tools);
      }
      pools.put(job.jobName(), pool);
      gone.addAll(pool.configure(job));
    }
    for (ScrapePool pool : old.values()) {
      pool.close();
      gone.addAll(pool.running());
    }
    refresh(gone);
  }

  /** All targets, in the order of the configuration. */
  public synchronized List<Target> targets() {
    return pools.values().stream()
        .flatMap(pool -> pool.running().stream())
        .map(running -> running.loop().target())
        .toList();
  }

  /** Targets that relabelling dropped, a bounded number of each job. */
  public synchronized List<DroppedTarget> dropped() {
    return pools.values().stream().flatMap(pool -> pool.dropped().stream()).toList();
  }

  /** How many targets relabelling dropped, by job. */
  public synchronized Map<String, Integer> droppedCounts() {
    Map<String, Integer> counts = new LinkedHashMap<>();
    pools.forEach((job, pool) -> counts.put(job, pool.droppedCount()));
    return counts;
  }

  /** The names of all jobs. */
  public synchronized List<String> jobs() {
    return List.copyOf(pools.keySet());
  }

  @Override
  public synchronized void close() {
    closed = true;
    look.cancel();
    for (ScrapePool pool : pools.values()) {
      pool.close();
      pool.running().forEach(running -> running.task().cancel());
      pool.running().forEach(running -> running.loop().close());
    }
    pools.clear();
  }

  private void look() {
    if (looking.compareAndSet(false, true)) {
      try {
        discoveries().forEach(Discovery::lookAnew);
      } finally {
        looking.set(false);
      }
      executor.execute(this::refresh);
    }
  }

  private synchronized List<Discovery> discoveries() {
    return pools.values().stream().flatMap(pool -> pool.discoveries().stream()).toList();
  }

  private synchronized void refresh() {
    if (!closed) {
      refresh(new ArrayList<>());
    }
  }

  private synchronized void refresh(List<ScrapePool.Running> gone) {
    for (ScrapePool pool : pools.values()) {
      gone.addAll(pool.refresh(this::start));
    }
    if (gone.isEmpty()) {
      return;
    }
    Map<Labels, ScrapeLoop> left = new HashMap<>();
    pools.values().stream()
        .flatMap(pool -> pool.running().stream())
        .forEach(running -> left.put(running.loop().target().labels(), running.loop()));
    for (ScrapePool.Running each : gone) {
      each.task().cancel();
      // Its series go on where another loop or job gives the same, be it from another path: a gap
      // would end alerts, and have them wait and fire anew.
      ScrapeLoop heir = left.get(each.loop().target().labels());
      if (heir == null) {
        each.loop().stop();
      } else {
        heir.inherit(each.loop());
      }
    }
  }

  private ScrapePool.Running start(Target target) {
    ScrapeLoop loop = new ScrapeLoop(target, tools, samples, clock, executor, listener, bodies);
    Duration interval = target.interval();
    int place = (target.url() + target.labels().toString()).hashCode();
    Duration first =
        Duration.ofMillis(
            Math.floorMod(place * 2654435761L, Math.min(interval.toMillis(), 15_000)));
    return new ScrapePool.Running(loop, scheduler.every(first, interval, loop::tick));
  }
}
