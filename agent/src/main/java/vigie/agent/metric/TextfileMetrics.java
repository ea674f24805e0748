package vigie.agent.metric;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.ConfigException;
import vigie.base.config.Globs;

/**
 * The metrics that other programs leave in {@code *.prom} files, with node_exporter's rules. Files
 * are read anew only when one of them changed.
 */
final class TextfileMetrics implements Subject {
  private static final Logger log = LoggerFactory.getLogger(TextfileMetrics.class);
  private static final int MOST_FILES = 1000;
  private static final long MOST_BYTES = 4L << 20;
  private static final long MOST_BYTES_IN_ALL = 16L << 20;

  /** Where Debian's node_exporter looks, below the root; may be missing. */
  static final String DIRECTORY = "/var/lib/prometheus/node-exporter";

  private final Family error =
      Family.gauge(
          "node_textfile_scrape_error", "Whether a file or folder could not be read as a whole.");
  private final Family mtime =
      Family.gauge(
          "node_textfile_mtime_seconds",
          "When the file was written that was read without a fault, in seconds since the epoch.");
  private final LabelCache<String> byFile = LabelCache.of("file");
  private final List<String> directories;
  private final boolean mayBeMissing;
  private List<Stamp> stamps = List.of();
  private List<Family> told = List.of();
  private Map<String, Long> mtimes = Map.of();
  private Set<String> faults = Set.of();

  /**
   * @param directories folders, or patterns of folders
   * @param mayBeMissing whether a folder that is not there is no error
   */
  TextfileMetrics(List<String> directories, boolean mayBeMissing) {
    this.directories = List.copyOf(directories);
    this.mayBeMissing = mayBeMissing;
  }

  /** With the option {@code directory}. */
  static TextfileMetrics of(Host host) {
    if (host.chosen().options().containsKey("directory")) {
      return new TextfileMetrics(host.texts("directory"), false);
    }
    Path folder = host.roots().rootfs().resolve(DIRECTORY.substring(1));
    return new TextfileMetrics(List.of(folder.toString()), true);
  }

  @Override
  public String name() {
    return "textfile";
  }

  @Override
  public boolean isForeign() {
    return true;
  }

  @Override
  public List<Family> families() {
    List<Family> families = new ArrayList<>(told);
    families.add(error);
    families.add(mtime);
    return families;
  }

  @Override
  public void collect() {
    Set<String> found = new TreeSet<>();
    List<Stamp> now = stamps(found);
    if (!now.equals(stamps) || !found.isEmpty() || !faults.isEmpty()) {
      read(now, found);
      stamps = now;
      tell(found);
    }
    told.forEach(family -> family.add(1));
    mtimes.forEach((file, seconds) -> mtime.add(byFile.get(file), seconds));
    error.add(faults.isEmpty() ? 0 : 1);
  }

  /** A file as it was: another size, time or inode is another content. */
  private record Stamp(Path file, long bytes, FileTime modified, @Nullable Object key) {}

  private List<Stamp> stamps(Set<String> found) {
    List<Stamp> all = new ArrayList<>();
    for (String directory : directories) {
      for (Path folder : folders(directory, found)) {
        try (Stream<Path> files = Files.list(folder)) {
          for (Path file : files.filter(f -> f.toString().endsWith(".prom")).sorted().toList()) {
            if (all.size() == MOST_FILES) {
              found.add("more than " + MOST_FILES + " files");
              return all;
            }
            all.add(stamp(file));
          }
        } catch (IOException | RuntimeException e) {
          if (!mayBeMissing || Files.exists(folder)) {
            found.add(folder + ": cannot be listed: " + e);
          }
        }
      }
    }
    return all;
  }

  private static List<Path> folders(String directory, Set<String> found) {
    if (directory.isEmpty()) {
      return List.of();
    }
    try {
      List<Path> folders = Globs.find(Path.of(""), directory);
      return folders.isEmpty() ? List.of(Path.of(directory)) : folders;
    } catch (ConfigException | IllegalArgumentException e) {
      found.add(directory + ": " + e.getMessage());
      return List.of();
    }
  }

  private static Stamp stamp(Path file) {
    try {
      BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(file, is.size(), is.lastModifiedTime(), is.fileKey());
    } catch (IOException gone) {
      return new Stamp(file, -1, FileTime.fromMillis(0), null);
    }
  }

  private void read(List<Stamp> files, Set<String> found) {
    Map<String, TextFamily> families = new LinkedHashMap<>();
    Map<String, Long> times = new LinkedHashMap<>();
    long bytes = 0;
    for (Stamp stamp : files) {
      bytes += Math.max(0, stamp.bytes);
      try {
        if (stamp.bytes > MOST_BYTES || bytes > MOST_BYTES_IN_ALL) {
          throw new IOException("too large: 4 MiB for a file and 16 MiB for all are the limits");
        }
        add(stamp.file, families, found);
        times.put(stamp.file.toString(), stamp.modified.toMillis() / 1000);
      } catch (IOException | IllegalArgumentException e) {
        found.add(stamp.file + ": " + reason(e));
      }
    }
    List<Family> ready = new ArrayList<>();
    for (TextFamily family : families.values()) {
      try {
        ready.add(Family.ready(family.name(), family.snapshot()));
      } catch (IllegalArgumentException twice) {
        found.add(family.name() + ": " + twice.getMessage());
      }
    }
    told = ready;
    mtimes = times;
  }

  private static void add(Path file, Map<String, TextFamily> families, Set<String> found)
      throws IOException {
    byte[] content;
    try (var in = Files.newInputStream(file)) {
      content = in.readNBytes((int) MOST_BYTES);
    }
    List<TextFormat.Metric> metrics = TextFormat.parse(new String(content, StandardCharsets.UTF_8));
    for (TextFormat.Metric metric : metrics) {
      if (metric.samples.stream().anyMatch(TextFormat.Sample::hasTimestamp)) {
        throw new IOException("timestamps are not taken, so nothing of the file is");
      }
    }
    for (TextFormat.Metric metric : metrics) {
      TextFamily family = families.computeIfAbsent(metric.name, TextFamily::new);
      String clash = family.add(metric, file);
      if (!clash.isEmpty()) {
        found.add(file + ": " + metric.name + ": " + clash);
      }
    }
  }

  private static String reason(Exception e) {
    return e instanceof IllegalArgumentException ? Objects.toString(e.getMessage()) : e.toString();
  }

  /** One line for each fault that is new, and one when all are gone. */
  private void tell(Set<String> found) {
    Set<String> fresh = new HashSet<>(found);
    fresh.removeAll(faults);
    fresh.forEach(fault -> log.warn("text file left out fault=\"{}\"", fault));
    if (found.isEmpty() && !faults.isEmpty()) {
      log.info("text files are without fault again");
    }
    faults = Set.copyOf(found);
  }
}
