package vigie.agent.source;

import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Place;
import vigie.agent.event.Places;
import vigie.base.config.ConfigException;
import vigie.base.config.Globs;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Follows the configured log files: once a second one look at each, and in turns a bounded piece of
 * those that have grown. Globs are looked up every ten seconds.
 */
final class FileSource implements Source {
  private static final Logger log = LoggerFactory.getLogger(FileSource.class);
  static final Duration EVERY = Duration.ofSeconds(1);
  private static final long LIST_EVERY = Duration.ofSeconds(10).toNanos();
  private static final int MOST_FILES = 256;

  private final FilesConfig config;
  private final Patterns patterns;
  private final Places places;
  private final Executor reading;
  private final Tools tools;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final Scheduler scheduler;
  private final Map<String, String> ends = new ConcurrentHashMap<>();
  private Scheduler.@Nullable Task turns; // guarded by ends
  private volatile boolean closed;
  private volatile int failing;
  private volatile long behind;
  private volatile int followed;

  // Guarded by this; it is one thread at a time that reads.
  private final Map<Path, TailedFile> tails = new LinkedHashMap<>();
  private boolean isFirst = true;
  private boolean toldTooMany;
  private long listed;

  /** What all files share. */
  record Tools(KnownFiles known, FileMeters meters, LineCutter cutter, Clock clock, ZoneId zone) {}

  /**
   * @param places where files were read up to when their newest events were made
   * @param zone of times in lines that name none
   * @param reading runs what may wait for the disk
   */
  FileSource(
      FilesConfig config,
      Patterns patterns,
      Places places,
      Clock clock,
      ZoneId zone,
      Scheduler scheduler,
      Executor reading,
      MeterRegistry meters) {
    this.config = config;
    this.patterns = patterns;
    this.places = places;
    this.reading = reading;
    this.tools =
        new Tools(
            new KnownFiles(),
            new FileMeters(meters, () -> followed, () -> failing, () -> behind),
            new LineCutter(),
            clock,
            zone);
    this.scheduler = scheduler;
  }

  @Override
  public void start() {
    synchronized (ends) {
      turns = scheduler.every(Duration.ZERO, EVERY, this::look);
    }
  }

  private void look() {
    if (!closed && busy.compareAndSet(false, true)) {
      try {
        reading.execute(this::run);
      } catch (RejectedExecutionException full) {
        busy.set(false);
        throw full;
      }
    }
  }

  private synchronized void run() {
    try {
      list();
      boolean more = true;
      while (more && !closed) {
        more = turn();
      }
    } finally {
      busy.set(false);
    }
  }

  /** One piece of each. */
  private boolean turn() {
    boolean more = false;
    int troubled = 0;
    long left = 0;
    for (Iterator<TailedFile> each = tails.values().iterator(); each.hasNext() && !closed; ) {
      TailedFile tail = each.next();
      more |= tail.turn();
      troubled += tail.isInTrouble() ? 1 : 0;
      left += tail.behind();
      if (tail.isOver() && tail.entry.isGlob()) {
        end(tail);
        each.remove();
      }
    }
    failing = troubled;
    behind = left;
    followed = tails.size();
    return more;
  }

  private void list() {
    long now = tools.clock.nanos();
    if (!isFirst && now - listed < LIST_EVERY) {
      return;
    }
    listed = now;
    for (FilesConfig.Entry entry : config.entries()) {
      for (Path path : found(entry)) {
        if (!tails.containsKey(path)) {
          add(path, entry);
        }
      }
    }
    isFirst = false;
  }

  /** The files of an entry, without those that are only older generations of another. */
  static List<Path> found(FilesConfig.Entry entry) {
    if (!entry.isGlob()) {
      return List.of(entry.path());
    }
    List<Path> all;
    try {
      all = Globs.find(Path.of("/"), entry.path().toString());
    } catch (ConfigException e) {
      return List.of(); // a folder that may not be listed has no files for us
    }
    List<Path> found = new ArrayList<>();
    for (Path path : all) {
      String name = String.valueOf(path.getFileName());
      boolean older =
          all.stream()
              .anyMatch(
                  other ->
                      Generations.isOlder(name, String.valueOf(other.getFileName()))
                          && Objects.equals(other.getParent(), path.getParent()));
      if (!older && !Generations.isCompressed(name) && Files.isRegularFile(path)) {
        found.add(path);
      }
    }
    return found;
  }

  /** What of these files cannot be read on this machine, and what to do. */
  static List<SourceFault> check(FilesConfig config) {
    List<SourceFault> faults = new ArrayList<>();
    for (FilesConfig.Entry entry : config.entries()) {
      List<Path> paths = found(entry);
      if (paths.isEmpty()) {
        faults.add(new SourceFault("sources.files " + entry.path() + " names no file yet", false));
      }
      for (Path path : paths) {
        String trouble = FileTrouble.of(path);
        if (!trouble.isEmpty()) {
          boolean missing = Files.notExists(path);
          faults.add(new SourceFault("sources.files " + path + ": " + trouble, !missing));
        }
      }
    }
    return faults;
  }

  private void add(Path path, FilesConfig.Entry entry) {
    String source = TailedFile.source(path);
    if (tails.size() >= MOST_FILES || source.length() > Place.MOST_SOURCE) {
      if (!toldTooMany) {
        toldTooMany = true;
        log.warn("log file is not read, there are {} already path={}", MOST_FILES, path);
      }
      return;
    }
    LineStream stream = patterns.of(source, entry.patterns());
    tails.put(path, new TailedFile(path, entry, places.cursor(source), !isFirst, stream, tools));
  }

  private void end(TailedFile tail) {
    tail.close();
    patterns.end(tail.lines());
  }

  private synchronized void endAll() {
    for (TailedFile tail : tails.values()) {
      String cursor = tail.end();
      if (cursor != null) {
        ends.put(TailedFile.source(tail.path), cursor);
      }
      end(tail);
    }
    tails.clear();
  }

  /** Where each file was read up to, once this is closed. */
  Map<String, String> ends() {
    return Map.copyOf(ends);
  }

  /** Ends the reading, on the reading thread, which must still run; waits a second for it. */
  @Override
  public void close() {
    synchronized (ends) {
      if (turns != null) {
        turns.cancel();
      }
    }
    closed = true;
    tools.meters.close();
    CountDownLatch ended = new CountDownLatch(1);
    reading.execute(
        () -> {
          endAll();
          ended.countDown();
        });
    try {
      // Longer only where the disk hangs or the spool refuses; nothing is lost then but time.
      if (!ended.await(1, TimeUnit.SECONDS)) {
        log.warn("log files are still being read, the agent goes on without");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
