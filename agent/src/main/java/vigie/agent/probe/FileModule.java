package vigie.agent.probe;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * Looks at the newest file that a pattern names: the nightly dump with its rotation.
 *
 * @param maxAge how old it may be; null for any
 * @param minSize how small it may be, in bytes
 * @param minCount how many must match
 * @param maxCount how many may match; null for any
 * @param shrink by which part, 0 to 1, it may be smaller than the middle one of those before it;
 *     null for any
 * @param grows whether it must be larger than the one before it
 * @param settle for how long a file must have been left alone to be judged by its size
 */
record FileModule(
    @Nullable Duration maxAge,
    long minSize,
    long minCount,
    @Nullable Long maxCount,
    @Nullable Double shrink,
    boolean grows,
    Duration settle)
    implements Module {
  static final String PROBER = "file";

  /** A disk that sleeps takes ten seconds to wake. */
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private static final Duration EVERY = Duration.ofMinutes(1);
  private static final Duration SETTLE = Duration.ofMinutes(1);
  private static final Duration MOST_AGE = Duration.ofDays(3650);
  private static final long MOST_FILES = 1_000_000;
  private static final long MOST_BYTES = 1L << 50;

  static final List<Measure> MEASURES = FileProbe.MEASURES;

  static FileModule read(Section section) {
    Duration maxAge =
        section.has("max_age")
            ? section.duration("max_age", MOST_AGE, Duration.ofSeconds(1), MOST_AGE)
            : null;
    Long maxCount =
        section.has("max_count") ? section.integer("max_count", MOST_FILES, 0, MOST_FILES) : null;
    // No file at all is what some ask for: a folder of crash dumps.
    long least = maxCount != null && maxCount == 0 ? 0 : 1;
    long minCount = section.integer("min_count", least, 0, MOST_FILES);
    if (maxCount != null && maxCount < minCount) {
      section.fault("max_count", "max_count " + maxCount + " is less than min_count " + minCount);
    }
    return new FileModule(
        maxAge,
        section.bytes("min_size", 1, 0, MOST_BYTES),
        minCount,
        maxCount,
        shrink(section),
        section.bool("grows", false),
        section.duration("settle", SETTLE, Duration.ZERO, Duration.ofDays(1)));
  }

  private static @Nullable Double shrink(Section section) {
    Value value = section.value("shrink");
    String text = value == null ? null : value.string();
    if (value == null || text == null) {
      return null;
    }
    if (text.matches("[0-9]{1,2}%") && !text.startsWith("0")) {
      return Integer.parseInt(text.substring(0, text.length() - 1)) / 100.0;
    }
    value.fault("shrink \"" + text + "\" is not a part of the size; write 1% to 99%, such as 50%");
    return null;
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public Duration every() {
    return EVERY;
  }

  @Override
  public Duration timeout() {
    return TIMEOUT;
  }

  @Override
  public void checkTarget(String target) {
    try {
      Path path = Path.of(target);
      if (!path.isAbsolute() || path.getNameCount() == 0) {
        throw new IllegalArgumentException(
            "\"" + target + "\" is not an absolute path; write /var/backups/pg/*.dump");
      }
      for (Path name : path) {
        if (name.toString().contains("**")) {
          throw new IllegalArgumentException(
              "\"" + target + "\": ** is not known; name the folders, or write /*/ for each");
        }
        FileScan.matcher(name);
      }
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(
          "\"" + target + "\" needs another LC_ALL, such as C.UTF-8: " + e.getReason(), e);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "\"" + target + "\" is not a pattern: " + e.getDescription(), e);
    }
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new FileProbe(this, target, timeout, tools);
  }
}
