package vigie.agent.probe;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.EventType;
import vigie.agent.probe.FileScan.Found;
import vigie.base.time.Clock;

/**
 * Judges the newest file that matches by its age, and the newest that nobody writes any more by its
 * size, against those that still lie beside it. What came before is read from the folder each time,
 * so nothing is written and a restart forgets nothing. Looks run one at a time.
 */
final class FileProbe implements Probe {
  private static final Measure MODIFIED =
      Measure.of(
          "vigie_probe_file_modified_timestamp_seconds",
          "When the newest file that matches was last written to, in seconds since the epoch.");
  private static final Measure SIZE =
      Measure.of(
          "vigie_probe_file_size_bytes",
          "Size of the newest file that matches and is not being written to.");
  private static final Measure EARLIER =
      Measure.of(
          "vigie_probe_file_earlier_size_bytes",
          "Middle size of the files before that one, at most 30 of them.");
  private static final Measure COUNT =
      Measure.of("vigie_probe_file_count", "How many files match.");
  static final List<Measure> MEASURES = List.of(MODIFIED, SIZE, EARLIER, COUNT);

  /** Clocks of file servers differ; beyond this one of them is wrong. */
  private static final Duration MOST_AHEAD = Duration.ofMinutes(5);

  private static final Duration LONGEST_WRITE = Duration.ofDays(1);

  private final FileModule module;
  private final String target;
  private final Path pattern;
  private final Path root;
  private final Clock clock;
  private final BlockingLook look;

  // Of the thread that looks; looks follow one another through BlockingLook.
  private @Nullable Found newestBefore;
  private long writtenSinceNanos;
  // Whether the last look found any; its hint is asked for by other threads.
  private volatile boolean matched;
  private Finding lastBySize = Finding.up(List.of());

  FileProbe(FileModule module, String target, Duration timeout, ProbeTools tools) {
    this.module = module;
    this.target = target;
    this.root = tools.roots().rootfs();
    this.pattern = Path.of(root + target).normalize();
    this.clock = tools.clock();
    this.look = new BlockingLook(tools, timeout, this::look, () -> hanging(timeout));
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    look.run(done, steps);
  }

  @Override
  public String hint() {
    // Where the file server is gone, whoever asks it hangs as well.
    return matched || look.isHanging() ? "" : new FileHint(pattern, root).text();
  }

  private Finding hanging(Duration timeout) {
    return Finding.down(
        shown(FileScan.folder(pattern))
            + " does not answer within "
            + Words.limit(timeout)
            + ": is its disk or file server gone?",
        List.of());
  }

  private Finding look(BlockingLook.Told steps, BooleanSupplier ended) {
    Instant now = clock.now();
    FileScan scan = new FileScan(pattern, now.plus(MOST_AHEAD), ended).run();
    matched = scan.count() > 0;
    steps.step(Words.count(scan.count(), "file") + (scan.count() == 1 ? " matches" : " match"));
    Finding wrong = wrong(scan);
    if (wrong != null) {
      return wrong;
    }
    List<Found> newest = scan.newest();
    List<Measure.Sample> samples = new ArrayList<>();
    samples.add(COUNT.sample(scan.count()));
    if (newest.isEmpty()) {
      Found ahead = scan.furthest();
      return ahead == null ? byCount(scan, samples) : Finding.notRun(ahead(ahead, now));
    }
    samples.add(MODIFIED.sample(newest.get(0).modified().toEpochMilli() / 1e3));
    steps.step("newest is " + describe(newest.get(0), now));
    Finding byCount = byCount(scan, samples);
    Finding bySize = bySize(newest, now, samples);
    Finding byAge = byAge(scan, newest.get(0), now, samples);
    if (byCount.state() != Finding.State.UP) {
      return byCount;
    }
    return byAge.state() != Finding.State.UP ? byAge : bySize;
  }

  /** What keeps from judging at all; null where nothing does. */
  private @Nullable Finding wrong(FileScan scan) {
    Path denied = scan.denied();
    if (denied != null && (scan.deniedOnTheWay() || scan.count() == 0)) {
      return Finding.down(
          "permission denied: user " + FileHint.USER + " may not read " + shown(denied), List.of());
    }
    if (!scan.fault().isEmpty()) {
      return Finding.down(scan.fault(), List.of());
    }
    if (scan.tooMany()) {
      return Finding.down(
          "more than "
              + FileScan.mostEntries()
              + " entries under "
              + shown(FileScan.folder(pattern))
              + ": too many to find the newest; clear the folder or name another",
          List.of());
    }
    return null;
  }

  private Finding byCount(FileScan scan, List<Measure.Sample> samples) {
    long count = scan.count();
    Long most = module.maxCount();
    if (most != null && count > most) {
      return Finding.down(
          Words.count(count, "file")
              + (count == 1 ? " matches " : " match ")
              + Words.name(target)
              + ", expected at most "
              + most,
          samples);
    }
    if (count >= module.minCount()) {
      return Finding.up(samples);
    }
    Path missing = scan.missing();
    Path dangling = scan.dangling();
    String reason;
    if (count > 0) {
      reason =
          "only "
              + Words.count(count, "file")
              + (count == 1 ? " matches " : " match ")
              + Words.name(target)
              + ", expected at least "
              + module.minCount();
    } else if (missing != null) {
      reason = "folder " + shown(missing) + " does not exist";
    } else if (dangling != null) {
      reason = "symbolic link " + shown(dangling) + " leads nowhere";
    } else if (FileScan.isWild(pattern.getFileName())) {
      reason = "no file matches " + Words.name(target);
    } else {
      reason = "file " + Words.name(target) + " does not exist";
    }
    return Finding.down(reason, samples, EventType.BACKUP_LATE);
  }

  private Finding byAge(FileScan scan, Found newest, Instant now, List<Measure.Sample> samples) {
    Duration most = module.maxAge();
    Duration age = Duration.between(newest.modified(), now);
    if (most == null || age.compareTo(most) <= 0) {
      return Finding.up(samples);
    }
    String text = Words.age(age);
    if (text.equals(Words.limit(most))) {
      text = "more than " + text;
    }
    Found ahead = scan.furthest();
    return Finding.down(
        "newest file "
            + shown(newest.path())
            + " is "
            + text
            + " old, expected at most "
            + Words.limit(most)
            + (ahead == null ? "" : "; not counted: " + ahead(ahead, now))
            + (scan.denied() == null ? "" : "; " + shown(scan.denied()) + " may not be read"),
        samples,
        EventType.BACKUP_LATE);
  }

  private Finding bySize(List<Found> newest, Instant now, List<Measure.Sample> samples) {
    int index = 0;
    if (isBeingWritten(newest.get(0), now)) {
      do {
        index++;
      } while (index < newest.size() && !isStill(newest.get(index), now));
    }
    if (index == newest.size()) {
      // Nothing that could be judged: what was found of the one before it was begun stays.
      return lastBySize.state() == Finding.State.UP
          ? Finding.up(samples)
          : Finding.down(lastBySize.reason(), samples, lastBySize.cause());
    }
    lastBySize = sizeOf(newest.get(index), newest.subList(index + 1, newest.size()), samples);
    return lastBySize;
  }

  private Finding sizeOf(Found file, List<Found> before, List<Measure.Sample> samples) {
    samples.add(SIZE.sample(file.size()));
    // What was too small itself is no measure for others.
    long[] sizes =
        before.stream()
            .mapToLong(Found::size)
            .filter(s -> s > 0 && s >= module.minSize())
            .toArray();
    double middle = middle(sizes);
    if (sizes.length > 0) {
      samples.add(EARLIER.sample(middle));
    }
    if (file.size() < module.minSize()) {
      return small(
          file,
          file.size() == 0
              ? "is empty"
              : "is "
                  + Words.size(file.size())
                  + ", expected at least "
                  + Words.size(module.minSize()),
          samples);
    }
    Double shrink = module.shrink();
    if (shrink != null && sizes.length > 0 && file.size() < middle * (1 - shrink)) {
      String had = " before it had " + Words.size(middle);
      return small(
          file,
          "is "
              + Words.size(file.size())
              + ", the "
              + (sizes.length == 1 ? "one" + had : sizes.length + had + " in the middle"),
          samples);
    }
    if (module.grows() && !before.isEmpty() && file.size() <= before.get(0).size()) {
      long earlier = before.get(0).size();
      return small(
          file,
          "has not grown: "
              + file.size()
              + " bytes"
              + (earlier == file.size() ? " like " : ", and " + earlier + " in ")
              + "the one before it, "
              + Words.name(before.get(0).path().getFileName()),
          samples);
    }
    return Finding.up(samples);
  }

  private Finding small(Found file, String what, List<Measure.Sample> samples) {
    return Finding.down(
        "newest file " + shown(file.path()) + " " + what, samples, EventType.BACKUP_SMALL);
  }

  private static double middle(long[] sizes) {
    if (sizes.length == 0) {
      return 0;
    }
    Arrays.sort(sizes);
    int half = sizes.length / 2;
    return sizes.length % 2 == 1 ? sizes[half] : (sizes[half - 1] + sizes[half]) / 2.0;
  }

  /** Whether it was touched a moment ago or changed since the last look, but not for ever. */
  private boolean isBeingWritten(Found newest, Instant now) {
    Found before = newestBefore;
    newestBefore = newest;
    boolean same = before != null && before.path().equals(newest.path());
    // A copy that keeps times (cp -p, scp -p) grows under an old one.
    boolean changed = same && !newest.equals(before);
    if (!changed && isStill(newest, now)) {
      writtenSinceNanos = clock.nanos();
      return false;
    }
    if (!same) {
      writtenSinceNanos = clock.nanos();
    }
    Duration most = module.maxAge() == null ? LONGEST_WRITE : module.maxAge();
    return clock.nanos() - writtenSinceNanos < most.toNanos();
  }

  private boolean isStill(Found file, Instant now) {
    return !file.modified().isAfter(now.minus(module.settle()));
  }

  private String ahead(Found file, Instant now) {
    return shown(file.path())
        + " is dated "
        + Words.age(Duration.between(now, file.modified()))
        + " after this machine's clock: one of the clocks is or was wrong";
  }

  private String describe(Found file, Instant now) {
    return shown(file.path())
        + ", "
        + Words.size(file.size())
        + ", "
        + Words.age(Duration.between(file.modified(), now))
        + " old";
  }

  /** As the watched machine sees it, without the root that it may be mounted below. */
  private String shown(Path path) {
    return Words.name(root.equals(root.getRoot()) ? path : "/" + root.relativize(path));
  }
}
