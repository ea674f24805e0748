package vigie.base.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import vigie.base.time.Durations;

/**
 * A mapping of a configuration file, read key by key; {@link #end} then finds the keys that nobody
 * asked for. A scalar that the file lacks is taken from the environment: {@code spool.path} from
 * {@code VIGIE_SPOOL_PATH} (not within lists). A fault is collected and the default given, so that
 * reading goes on. Not safe for several threads.
 */
public final class Section {
  private final Yaml.Source source;
  private final String path;
  private final Position position;
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Map<String, Position> keys = new LinkedHashMap<>();
  private final TreeSet<String> known = new TreeSet<>();

  Section(Yaml.Source source, String path, MappingNode mapping) {
    this(source, path, source.position(mapping));
    for (NodeTuple tuple : mapping.getValue()) {
      Position at = source.position(tuple.getKeyNode());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        source.faults().add(at, "a key must be a word");
        continue;
      }
      String name = key.getValue();
      if (keys.put(name, at) != null) {
        source.faults().add(at, "key \"" + name + "\" stands here twice");
        continue;
      }
      values.put(
          name, new Value(source, path.isEmpty() ? name : path + "." + name, tuple.getValueNode()));
    }
  }

  private Section(Yaml.Source source, String path, Position position) {
    this.source = source;
    this.path = path;
    this.position = position;
  }

  static Section empty(Yaml.Source source, String path, Position position) {
    return new Section(source, path, position);
  }

  /** Where it begins. */
  public Position position() {
    return position;
  }

  /** The folder that relative paths start from, and the file this stands in. */
  public Path file() {
    return source.file();
  }

  /** Where faults go. */
  public Faults faults() {
    return source.faults();
  }

  /** Adds a fault about this whole section. */
  public void fault(String message) {
    source.faults().add(position, message);
  }

  /** Adds a fault at a key that is there, or at the section's start. */
  public void fault(String key, String message) {
    source.faults().add(keys.getOrDefault(key, position), message);
  }

  /** Adds a warning at a key that is there, or at the section's start. */
  public void warn(String key, String message) {
    source.faults().warn(keys.getOrDefault(key, position), message);
  }

  /**
   * Takes keys of a borrowed grammar that mean nothing here for known, with a fault at each that is
   * there.
   *
   * @param why follows the key: what to do instead
   */
  public void refuse(List<String> refused, String why) {
    for (String key : refused) {
      known.add(key);
      if (values.containsKey(key)) {
        fault(key, key + " " + why);
      }
    }
  }

  /** Whether the file or the environment gives the key a value that is not empty. */
  public boolean has(String key) {
    return value(key) != null;
  }

  /** The keys that the file has here, in its order; for free-form sections such as labels. */
  public List<String> keys() {
    return List.copyOf(values.keySet());
  }

  /** The value of a key, or null where it is absent or empty. Asking makes the key known. */
  public @Nullable Value value(String key) {
    known.add(key);
    Value value = values.get(key);
    if (value != null) {
      return value.isNullScalar() ? null : value;
    }
    if (path.indexOf('[') >= 0) {
      return null;
    }
    String name =
        "VIGIE_"
            + (path.isEmpty() ? key : path + "." + key).toUpperCase(Locale.ROOT).replace('.', '_');
    String text = source.environment().get(name);
    if (text == null || text.isEmpty()) {
      return null;
    }
    ScalarNode node = new ScalarNode(Tag.STR, text, ScalarStyle.DOUBLE_QUOTED);
    return new Value(
        source,
        path.isEmpty() ? key : path + "." + key,
        node,
        new Position("environment variable " + name, 1, 1));
  }

  public @Nullable String string(String key) {
    Value value = value(key);
    return value == null ? null : value.string();
  }

  public String string(String key, String otherwise) {
    String text = string(key);
    return text == null ? otherwise : text;
  }

  /** A string that must be there: a fault and {@code ""} where it is not. */
  public String requiredString(String key) {
    String text = string(key);
    if (text != null) {
      return text;
    }
    if (value(key) == null) {
      fault("key \"" + key + "\" is missing" + (path.isEmpty() ? "" : " in " + path));
    }
    return "";
  }

  public Duration duration(String key, Duration otherwise) {
    Value value = value(key);
    Duration duration = value == null ? null : value.duration();
    return duration == null ? otherwise : duration;
  }

  /** A duration within a range, both ends included. */
  public Duration duration(String key, Duration otherwise, Duration least, Duration most) {
    Duration duration = duration(key, otherwise);
    if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
      fault(
          key,
          key + " must be between " + Durations.format(least) + " and " + Durations.format(most));
      return otherwise;
    }
    return duration;
  }

  public long integer(String key, long otherwise, long least, long most) {
    Value value = value(key);
    Long number = value == null ? null : value.integer(least, most);
    return number == null ? otherwise : number;
  }

  public double number(String key, double otherwise) {
    Value value = value(key);
    Double number = value == null ? null : value.number();
    return number == null ? otherwise : number;
  }

  public boolean bool(String key, boolean otherwise) {
    Value value = value(key);
    Boolean answer = value == null ? null : value.bool();
    return answer == null ? otherwise : answer;
  }

  /** A size in bytes, see {@link Value#bytes}, within a range. */
  public long bytes(String key, long otherwise, long least, long most) {
    Value value = value(key);
    Long size = value == null ? null : value.bytes();
    if (size == null) {
      return otherwise;
    }
    if (size < least || size > most) {
      fault(key, key + " must be between " + least + " and " + most + " bytes");
      return otherwise;
    }
    return size;
  }

  /** A path, relative ones resolved against the folder of the file. */
  public Path path(String key, Path otherwise) {
    Value value = value(key);
    Path given = value == null ? null : value.path();
    return given == null ? otherwise : given;
  }

  /** A list of strings; a single string counts as a list of one. Empty where the key is absent. */
  public List<String> strings(String key) {
    Value value = value(key);
    if (value == null) {
      return List.of();
    }
    List<String> all = new ArrayList<>();
    for (Value member : value.isList() ? value.list() : List.of(value)) {
      String text = member.string();
      if (text != null) {
        all.add(text);
      }
    }
    return all;
  }

  /** The values of a list; empty where the key is absent. */
  public List<Value> list(String key) {
    Value value = value(key);
    return value == null ? List.of() : value.list();
  }

  /** The sections of a list; empty where the key is absent. */
  public List<Section> sections(String key) {
    List<Section> all = new ArrayList<>();
    for (Value member : list(key)) {
      if (member.isSection()) {
        all.add(member.section());
      } else {
        member.fault(key + " must be a list of sections (- key: value)");
      }
    }
    return all;
  }

  /** The section of a key; an empty one where it is absent, so that defaults are read alike. */
  public Section section(String key) {
    Value value = values.get(key);
    known.add(key);
    return value == null
        ? empty(source, path.isEmpty() ? key : path + "." + key, position)
        : value.section();
  }

  /** Every key with its text, for free-form sections such as labels, in the file's order. */
  public Map<String, String> stringMap() {
    Map<String, String> all = new LinkedHashMap<>();
    for (String key : keys()) {
      String text = string(key);
      if (text != null) {
        all.put(key, text);
      }
    }
    return all;
  }

  /**
   * A secret: from {@code key_file}, or from {@code key} itself (in the environment; in the file
   * only where {@code inlineAllowed}, with a warning that names the other way). Null where neither
   * is given.
   */
  public @Nullable Secret secret(String key, boolean inlineAllowed) {
    Value file = value(key + "_file");
    if (file != null) {
      Path at = file.path();
      return at == null ? null : Secret.inFile(at);
    }
    Value value = value(key);
    if (value == null) {
      return null;
    }
    if (values.containsKey(key)) {
      if (!inlineAllowed) {
        fault(key, key + " must not stand in the file; use " + key + "_file");
        return null;
      }
      warn(key, key + " is a secret in plain text; better: " + key + "_file");
    }
    String text = value.string();
    return text == null ? null : Secret.of(text);
  }

  /**
   * Adds a fault for every key that was never asked for, with the nearest known one. Call it last.
   */
  public void end() {
    for (Map.Entry<String, Position> key : keys.entrySet()) {
      if (known.contains(key.getKey())) {
        continue;
      }
      String nearest = Nearest.of(key.getKey(), known);
      source
          .faults()
          .add(
              key.getValue(),
              "unknown key \""
                  + key.getKey()
                  + "\""
                  + (path.isEmpty() ? "" : " in " + path)
                  + (nearest == null
                      ? "; known here: " + String.join(", ", known)
                      : "; did you mean \"" + nearest + "\"?"));
    }
  }
}
