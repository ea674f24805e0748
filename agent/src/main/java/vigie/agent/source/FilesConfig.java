package vigie.agent.source;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * {@code sources.files} of {@code agent.yaml}: the log files that are read as they grow.
 *
 * @param entries in their order; a file that several name is the first one's
 */
public record FilesConfig(List<Entry> entries) {
  private static final int MOST_ENTRIES = 64;

  public FilesConfig {
    entries = List.copyOf(entries);
  }

  /**
   * @param path a file or a glob, absolute
   * @param patterns the patterns and packs that look at its lines; none: all of one's own
   * @param joining which lines are one record
   * @param headers whether a line that begins as a syslog daemon writes it gives time and program
   * @param fromStart whether a file is read from its start at its first sight, not from its end
   */
  record Entry(
      Path path,
      List<String> patterns,
      Encoding encoding,
      Joining joining,
      boolean headers,
      boolean fromStart) {
    Entry {
      patterns = List.copyOf(patterns);
    }

    /** Whether files may come and go under this name. */
    boolean isGlob() {
      return path.toString().chars().anyMatch(c -> "*?[".indexOf(c) >= 0);
    }
  }

  /** Reads the key {@code files} of {@code sources}; names of patterns are looked up. */
  public static FilesConfig read(Section sources, PatternsConfig patterns) {
    List<Entry> entries = new ArrayList<>();
    Set<Path> paths = new HashSet<>();
    for (Section section : sources.sections("files")) {
      Entry entry = entry(section, patterns);
      if (entry != null && !paths.add(entry.path)) {
        section.fault("path", "path " + entry.path + " stands in files twice");
      } else if (entry != null) {
        entries.add(entry);
      }
    }
    if (entries.size() > MOST_ENTRIES) {
      sources.fault("files", "more than " + MOST_ENTRIES + " entries; use globs");
    }
    return new FilesConfig(entries);
  }

  private static @Nullable Entry entry(Section section, PatternsConfig patterns) {
    Value path = section.value("path");
    if (path == null) {
      section.requiredString("path");
    }
    Value names = section.value("patterns");
    List<String> chosen = section.strings("patterns");
    if (names != null) {
      chosen.forEach(name -> patterns.check(name, names));
    }
    if (chosen.isEmpty() && patterns.own().isEmpty()) {
      section.fault(
          "nothing looks at these lines: name packs in patterns (such as "
              + String.join(", ", PatternsConfig.STOCK.subList(0, 3))
              + ") or write patterns of your own");
    }
    Encoding encoding = Encoding.read(section);
    Joining joining = Joining.read(section);
    boolean headers = isOne(section, "format", "auto", "plain");
    boolean fromEnd = isOne(section, "from", "end", "start");
    section.end();
    Path file = path == null ? null : path.path();
    return file == null ? null : new Entry(file, chosen, encoding, joining, headers, !fromEnd);
  }

  /** Whether the key has the first value, which is the default. */
  private static boolean isOne(Section section, String key, String first, String second) {
    String text = section.string(key, first);
    if (!text.equals(first) && !text.equals(second)) {
      section.fault(key, key + " \"" + text + "\" must be " + first + " or " + second);
    }
    return text.equals(first);
  }
}
