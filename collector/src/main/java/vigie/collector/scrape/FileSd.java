package vigie.collector.scrape;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Globs;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;

/**
 * Target groups in files, which are looked at every few seconds and read when they changed. A
 * broken file keeps what it gave before, one that is gone gives nothing.
 *
 * @param files the last part of a path may hold {@code *}
 */
record FileSd(List<Path> files) implements Discovery.Config {
  private static final Logger log = LoggerFactory.getLogger(FileSd.class);

  FileSd {
    files = List.copyOf(files);
  }

  static FileSd read(Section section) {
    List<Path> files = new ArrayList<>();
    for (Value file : section.list("files")) {
      Path path = file.path();
      if (path != null) {
        String name = path.toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".json") && !name.endsWith(".yml") && !name.endsWith(".yaml")) {
          file.fault("files \"" + path.getFileName() + "\" must end in .json, .yml or .yaml");
        }
        files.add(path);
      }
    }
    if (files.isEmpty()) {
      section.fault("files is missing; write files: ['targets/*.yml']");
    }
    // Files are looked at every few seconds in any case.
    section.duration(
        "refresh_interval", Duration.ofMinutes(5), Duration.ofMillis(1), Duration.ofDays(365));
    section.end();
    return new FileSd(files);
  }

  @Override
  public Discovery open(Discovery.Tools tools) {
    return new Open(files);
  }

  private static final class Open implements Discovery {
    private final List<Path> patterns;

    // Guarded by this.
    private final Map<Path, OneFile> files = new LinkedHashMap<>();

    private volatile List<TargetGroup> last = List.of();

    Open(List<Path> patterns) {
      this.patterns = patterns;
      lookAnew(); // so that a reload leaves no gap
    }

    @Override
    public List<TargetGroup> groups() {
      return last;
    }

    @Override
    public synchronized void lookAnew() {
      List<Path> found = Globs.expand(patterns);
      files.keySet().retainAll(found);
      List<TargetGroup> all = new ArrayList<>();
      for (Path file : found) {
        all.addAll(files.computeIfAbsent(file, OneFile::new).groups());
      }
      if (!all.equals(last)) {
        last = all;
      }
    }

    @Override
    public void close() {}
  }

  /** What a file gave last, and when it was read. */
  private static final class OneFile {
    private final Path file;
    private long readAt = Long.MIN_VALUE;
    private long readSize = -1;
    private List<TargetGroup> groups = List.of();
    private String lastFault = "";

    OneFile(Path file) {
      this.file = file;
    }

    List<TargetGroup> groups() {
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
      List<TargetGroup> read = TargetGroup.readAll(sections);
      faults.throwIfAny();
      groups = read.stream().map(group -> group.with("__meta_filepath", file.toString())).toList();
    }

    private void tell(String fault) {
      if (!fault.equals(lastFault)) {
        log.warn("file_sd not read file={} kept={} cause=\"{}\"", file, groups.size(), fault);
        lastFault = fault;
      }
    }
  }
}
