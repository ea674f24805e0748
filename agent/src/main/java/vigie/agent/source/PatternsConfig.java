package vigie.agent.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Globs;
import vigie.base.config.Nearest;
import vigie.base.config.Position;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;

/**
 * {@code patterns:}, {@code pattern_files:} and {@code packs:} of {@code agent.yaml}.
 *
 * @param patterns all there are: one's own first, then those of the packs that ship. Of those that
 *     match a line the first makes the event, all count.
 * @param packs the packs that ship whose patterns look at the journal and at syslog
 */
public record PatternsConfig(List<PatternConfig> patterns, Set<String> packs) {
  /** The packs that ship, as data files beside this class. */
  static final List<String> STOCK =
      List.of(
          "sshd",
          "fail2ban",
          "sudo",
          "kernel",
          "docker",
          "nginx",
          "postgresql",
          "cron",
          "pg_dump",
          "supervisor",
          "dpkg",
          "changes");

  private static final int MOST_PATTERNS = 1000;

  public PatternsConfig {
    patterns = List.copyOf(patterns);
    packs = Set.copyOf(packs);
  }

  /** Reads the three keys of the top section. */
  public static PatternsConfig read(Section top) {
    Map<String, PatternConfig> own = new LinkedHashMap<>();
    Map<String, Position> places = new LinkedHashMap<>();
    add(top.sections("patterns"), "", own, places);
    for (String glob : top.strings("pattern_files")) {
      readFiles(top, glob, own, places);
    }
    if (own.size() > MOST_PATTERNS) {
      top.fault("patterns", "more than " + MOST_PATTERNS + " patterns");
    }
    List<PatternConfig> all = new ArrayList<>(own.values());
    for (String pack : STOCK) {
      for (PatternConfig pattern : stock(pack)) {
        if (!own.containsKey(pattern.name())) {
          all.add(pattern);
        }
      }
    }
    return new PatternsConfig(all, packs(top));
  }

  private static Set<String> packs(Section top) {
    Value value = top.value("packs");
    if (value == null) {
      return Set.copyOf(STOCK);
    }
    Set<String> packs = new LinkedHashSet<>(top.strings("packs"));
    for (String pack : packs) {
      if (!STOCK.contains(pack)) {
        value.fault(unknown("pack", pack, STOCK));
      }
    }
    return packs;
  }

  private static void readFiles(
      Section top, String glob, Map<String, PatternConfig> own, Map<String, Position> places) {
    Path folder = top.file().toAbsolutePath().getParent();
    List<Path> files = Globs.find(folder == null ? Path.of("/") : folder, glob);
    if (files.isEmpty()) {
      top.warn("pattern_files", "pattern_files \"" + glob + "\" names no file");
    }
    for (Path file : files) {
      String pack = String.valueOf(file.getFileName()).replaceFirst("\\.[^.]*$", "");
      try {
        Section section = Yaml.load(file, Map.of(), top.faults());
        section.string("about");
        add(section.sections("patterns"), pack, own, places);
        section.end();
      } catch (ConfigException e) {
        e.faults().forEach(top.faults()::add);
      }
    }
  }

  private static void add(
      List<Section> sections,
      String pack,
      Map<String, PatternConfig> own,
      Map<String, Position> places) {
    for (Section section : sections) {
      PatternConfig pattern = PatternConfig.read(section, pack, false);
      if (pattern == null) {
        continue;
      }
      Position before = places.putIfAbsent(pattern.name(), section.position());
      if (before != null) {
        section.fault("name", "pattern \"" + pattern.name() + "\" is already at " + before);
      } else {
        own.put(pattern.name(), pattern);
      }
    }
  }

  private static List<PatternConfig> stock(String pack) {
    Faults faults = new Faults();
    Section section = Yaml.parse(Path.of(pack + ".yaml"), text(pack), Map.of(), faults);
    List<PatternConfig> patterns = new ArrayList<>();
    for (Section each : section.sections("patterns")) {
      PatternConfig pattern = PatternConfig.read(each, pack, true);
      if (pattern != null) {
        patterns.add(pattern);
      }
    }
    if (!faults.isEmpty()) {
      throw new IllegalStateException("BUG: pack " + pack + ": " + faults.all());
    }
    return patterns;
  }

  /** The data file of a pack that ships. */
  static String text(String pack) {
    try (InputStream in = PatternsConfig.class.getResourceAsStream("packs/" + pack + ".yaml")) {
      if (in == null) {
        throw new IllegalStateException("BUG: no pack " + pack);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read pack " + pack, e);
    }
  }

  /** Those that look at the journal and at syslog. */
  List<PatternConfig> everywhere() {
    return patterns.stream().filter(p -> !isStock(p) || packs.contains(p.pack())).toList();
  }

  /** One's own: those of a file that names none. */
  List<PatternConfig> own() {
    return patterns.stream().filter(p -> !isStock(p)).toList();
  }

  /** Those that a file names, by their own names or their packs'; all of one's own for no name. */
  List<PatternConfig> of(Collection<String> names) {
    if (names.isEmpty()) {
      return own();
    }
    return patterns.stream()
        .filter(p -> names.contains(p.name()) || names.contains(p.pack()))
        .toList();
  }

  /** A fault where a name is that of no pattern and no pack. */
  void check(String name, Value at) {
    Set<String> known = new TreeSet<>();
    for (PatternConfig pattern : patterns) {
      known.add(pattern.name());
      known.add(pattern.pack());
    }
    if (name.isEmpty() || !known.contains(name)) {
      known.remove("");
      at.fault(unknown("pattern or pack", name, known));
    }
  }

  private static String unknown(String what, String name, Collection<String> known) {
    String nearest = Nearest.of(name, known);
    return "no "
        + what
        + " is called \""
        + name
        + "\""
        + (nearest == null
            ? "; there are " + String.join(", ", known)
            : "; did you mean \"" + nearest + "\"?");
  }

  private static boolean isStock(PatternConfig pattern) {
    return STOCK.contains(pattern.pack());
  }
}
