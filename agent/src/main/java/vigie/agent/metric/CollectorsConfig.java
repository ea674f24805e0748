package vigie.agent.metric;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.regex.RegexLimits;

/**
 * {@code collectors:} of {@code agent.yaml}: for each collector that is named {@code false}, {@code
 * true}, or its options and {@code enabled}.
 *
 * @param collectors what is configured, by the collector's name; nothing for those left alone
 */
public record CollectorsConfig(Map<String, Chosen> collectors) {
  public static final CollectorsConfig DEFAULTS = new CollectorsConfig(Map.of());

  public CollectorsConfig {
    collectors = Map.copyOf(collectors);
  }

  /**
   * What is configured for one collector.
   *
   * @param enabled null: the collector's default
   * @param options values by key, as they stand in the file and checked
   */
  public record Chosen(@Nullable Boolean enabled, Map<String, List<String>> options) {
    static final Chosen NOTHING = new Chosen(null, Map.of());

    public Chosen {
      options = Map.copyOf(options);
    }
  }

  /** What is configured for a collector; nothing where it is not named. */
  public Chosen of(String collector) {
    return collectors.getOrDefault(collector, Chosen.NOTHING);
  }

  /** Reads the section; names, options and expressions are checked. */
  public static CollectorsConfig read(Section section) {
    Map<String, Chosen> all = new HashMap<>();
    for (NodeMetrics.Entry entry : NodeMetrics.COLLECTORS) {
      Value value = section.value(entry.name());
      if (value == null) {
        continue;
      }
      if (value.isSection()) {
        all.put(entry.name(), read(value.section(), entry.options()));
      } else {
        all.put(entry.name(), new Chosen(value.bool(), Map.of()));
      }
    }
    section.end();
    return new CollectorsConfig(all);
  }

  private static Chosen read(Section section, List<Option> options) {
    Map<String, List<String>> values = new HashMap<>();
    for (Option option : options) {
      for (String key : option.keys()) {
        if (section.has(key)) {
          values.put(key, values(section, option, key));
        }
      }
      if (option.takesOneOnly() && option.keys().stream().allMatch(key -> isSet(values, key))) {
        String keys = String.join(" and ", option.keys());
        section.fault(
            option.keys().get(1),
            keys + " exclude each other; write one expression that says all of it");
      }
    }
    Boolean enabled = section.has("enabled") ? section.bool("enabled", true) : null;
    section.end();
    return new Chosen(enabled, values);
  }

  private static boolean isSet(Map<String, List<String>> values, String key) {
    return !String.join("", values.getOrDefault(key, List.of())).isEmpty();
  }

  private static List<String> values(Section section, Option option, String key) {
    if (option.kind() == Option.Kind.FLAG) {
      return List.of(String.valueOf(section.bool(key, false)));
    } else if (option.kind() == Option.Kind.TEXTS) {
      return section.strings(key);
    } else if (option.kind() == Option.Kind.PATHS) {
      return paths(section, key);
    }
    String text = section.string(key, "");
    if (option.kind() != Option.Kind.TEXT) {
      check(section, key, text);
    }
    return List.of(text);
  }

  /** Empty ones stay so: nowhere. */
  private static List<String> paths(Section section, String key) {
    Value given = section.value(key);
    List<String> paths = new ArrayList<>();
    for (Value each :
        given == null ? List.<Value>of() : given.isList() ? given.list() : List.of(given)) {
      String text = each.string();
      Path path = text == null || text.isEmpty() ? null : each.path();
      if (text != null) {
        paths.add(path == null ? "" : path.toString());
      }
    }
    return paths;
  }

  private static void check(Section section, String key, String regex) {
    Value value = section.value(key);
    if (value == null) {
      return;
    }
    try {
      RegexLimits.check(regex);
      Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      value.fault(
          key + " \"" + regex + "\" is not a regular expression of RE2: " + e.getDescription());
    } catch (IllegalArgumentException e) {
      value.fault(key + ": " + e.getMessage());
    }
  }
}
