package vigie.collector.scrape;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Globs;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.sample.Appender;

/**
 * Scrapes all targets of all jobs. Each target has its own place within the interval, given by its
 * address and labels, so that the load is spread and stays the same over restarts. Files of file_sd
 * are looked at every five seconds and taken when they changed; a broken one keeps what it gave
 * before, one that is gone gives nothing.
 */
public final class Scraper implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Scraper.class);
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final HttpClient http;
  private final Appender samples;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final ScrapeListener listener;
  private final Scheduler.Task look;

  // Guarded by this.
  private List<ScrapeConfig> jobs = List.of();
  private final Map<Path, SdFile> files = new LinkedHashMap<>();
  private final List<Running> running = new ArrayList<>();
  private boolean closed;

  /**
   * Nothing is scraped before {@link #configure}.
   *
   * @param http without redirects; its own timeouts don't matter
   * @param executor parses and appends
   */
  public Scraper(
      HttpClient http,
      Appender samples,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      ScrapeListener listener) {
    this.http = http;
    this.samples = samples;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.listener = listener;
    this.look = scheduler.every(LOOK, LOOK, () -> executor.execute(this::refresh));
  }

  /**
   * Takes new jobs: targets that stay the same go on undisturbed, those that are gone turn stale.
   */
  public synchronized void configure(List<ScrapeConfig> newJobs) {
    jobs = List.copyOf(newJobs);
    files.clear();
    refresh();
  }

  /** All targets, in the order of the configuration. */
  public synchronized List<Target> targets() {
    return running.stream().map(r -> r.loop.target()).toList();
  }

  @Override
  public synchronized void close() {
    closed = true;
    look.cancel();
    running.forEach(r -> r.task.cancel());
    running.clear();
  }

  private synchronized void refresh() {
    if (closed) {
      return;
    }
    List<Target> wanted = new ArrayList<>();
    for (ScrapeConfig job : jobs) {
      addTargets(wanted, job, job.staticConfigs());
      for (ScrapeConfig.FileSd sd : job.fileSds()) {
        for (Path file : Globs.expand(sd.files())) {
          addTargets(wanted, job, files.computeIfAbsent(file, SdFile::new).groups());
        }
      }
    }
    replace(wanted);
  }

  private void addTargets(
      List<Target> wanted, ScrapeConfig job, List<ScrapeConfig.TargetGroup> groups) {
    for (ScrapeConfig.TargetGroup group : groups) {
      for (String address : group.targets()) {
        try {
          Target target = Target.of(job, address, group.labels());
          if (target != null && wanted.stream().noneMatch(target::sameAs)) {
            wanted.add(target);
          }
        } catch (IllegalArgumentException e) {
          log.warn(
              "target left out job={} address={} cause=\"{}\"",
              job.jobName(),
              address,
              e.getMessage());
        }
      }
    }
  }

  private void replace(List<Target> wanted) {
    List<Running> kept = new ArrayList<>();
    List<Running> old = new ArrayList<>(running);
    for (Target target : wanted) {
      Running same =
          old.stream()
              .filter(
                  r -> r.loop.target().sameAs(target) && r.loop.target().job().equals(target.job()))
              .findFirst()
              .orElse(null);
      if (same != null) {
        old.remove(same);
        kept.add(same);
      } else {
        kept.add(start(target));
      }
    }
    for (Running gone : old) {
      gone.task.cancel();
      boolean moved = wanted.stream().anyMatch(gone.loop.target()::sameAs);
      if (!moved) {
        gone.loop.stop();
      }
    }
    running.clear();
    running.addAll(kept);
  }

  private Running start(Target target) {
    ScrapeLoop loop = new ScrapeLoop(target, http, samples, clock, executor, listener);
    Duration interval = target.job().interval();
    int place = (target.url() + target.labels().toString()).hashCode();
    Duration first =
        Duration.ofMillis(
            Math.floorMod(place * 2654435761L, Math.min(interval.toMillis(), 15_000)));
    return new Running(loop, scheduler.every(first, interval, loop::tick));
  }

  private record Running(ScrapeLoop loop, Scheduler.Task task) {}

  /** One file of file_sd: what it gave last, and when it was read. Guarded by the scraper. */
  private static final class SdFile {
    private final Path file;
    private long readAt = Long.MIN_VALUE;
    private long readSize = -1;
    private List<ScrapeConfig.TargetGroup> groups = List.of();
    private String lastFault = "";

    SdFile(Path file) {
      this.file = file;
    }

    List<ScrapeConfig.TargetGroup> groups() {
      try {
        long changed = Files.getLastModifiedTime(file).toMillis();
        long size = Files.size(file);
        if (changed != readAt || size != readSize) {
          read();
          readAt = changed;
          readSize = size;
        }
        lastFault = "";
      } catch (NoSuchFileException e) {
        groups = List.of();
        readSize = -1;
        tell("there is no such file");
      } catch (IOException e) {
        tell("cannot be read: " + e);
      } catch (ConfigException e) {
        tell(String.valueOf(e.getMessage()));
      }
      return groups;
    }

    private void read() {
      Faults faults = new Faults();
      List<Section> sections = new ArrayList<>();
      Value top = Yaml.loadValue(file, faults);
      if (top != null) {
        for (Value member : top.list()) {
          sections.add(member.section());
        }
      }
      List<ScrapeConfig.TargetGroup> read = ScrapeConfig.groups(sections);
      faults.throwIfAny();
      groups = read;
    }

    private void tell(String fault) {
      if (!fault.equals(lastFault)) {
        log.warn("file_sd not read file={} kept={} cause=\"{}\"", file, groups.size(), fault);
        lastFault = fault;
      }
    }
  }
}
