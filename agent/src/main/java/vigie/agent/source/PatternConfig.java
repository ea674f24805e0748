package vigie.agent.source;

import com.google.re2j.Matcher;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Severity;
import vigie.base.config.Nearest;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * What is looked for in lines, and what is made of a line that has it.
 *
 * @param name in events and as label {@code pattern}
 * @param pack the pack that it is of; {@code ""} for one that stands in {@code agent.yaml} itself
 * @param identifiers programs whose lines are looked at; with {@code units} empty: those of all
 * @param units systemd units likewise, {@code *} for any characters
 * @param severity of the event; null for that of the line
 * @param event whether an event is made, not just a count
 * @param labels of the counter: each with its text, in which {@code ${name}} is a captured field
 * @param value the captured field that is summed up; {@code ""} for none
 * @param limit how many series the labels may make before the rest counts as {@code other}
 * @param foldBy the captured fields by which an event is a repetition of another; none: by the
 *     whole text
 */
record PatternConfig(
    String name,
    String pack,
    Set<String> identifiers,
    List<String> units,
    LogRegex match,
    @Nullable Severity severity,
    boolean event,
    Map<String, String> labels,
    String value,
    int limit,
    List<String> foldBy) {
  private static final int MOST_LABELS = 8;
  private static final int MOST_LIMIT = 10_000;
  private static final int LIMIT = 100;
  private static final Set<String> TAKEN =
      Set.of(
          "node",
          "spool",
          "seq",
          "boot",
          "type",
          "pattern",
          "source",
          "unit",
          "identifier",
          "more",
          "repeated",
          "first",
          "last",
          "held_back");

  PatternConfig {
    identifiers = Set.copyOf(identifiers);
    units = List.copyOf(units);
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    foldBy = List.copyOf(foldBy);
  }

  /** Whether it is only for certain programs or units. */
  boolean isChoosy() {
    return !identifiers.isEmpty() || !units.isEmpty();
  }

  /**
   * Reads one pattern and runs its examples.
   *
   * @param trusted a stock one: read without compiling or running anything, since a test did
   * @return null where the expression is wrong, which is a fault
   */
  static @Nullable PatternConfig read(Section section, String pack, boolean trusted) {
    String name = name(section);
    Value match = section.value("match");
    if (match == null) {
      section.requiredString("match");
      section.end();
      return null;
    }
    LogRegex regex = trusted ? new LogRegex(String.valueOf(match.string())) : LogRegex.read(match);
    Value severity = section.value("severity");
    PatternConfig config =
        new PatternConfig(
            name,
            pack,
            new LinkedHashSet<>(section.strings("identifiers")),
            section.strings("units"),
            regex == null ? new LogRegex("") : regex,
            severity == null ? null : Severities.read(severity),
            section.bool("event", true),
            labels(section),
            section.string("value", ""),
            (int) section.integer("limit", LIMIT, 1, MOST_LIMIT),
            section.strings("fold_by"));
    Value examples = section.value("examples");
    Value others = section.value("not");
    if (regex != null && !trusted) {
      config.checkNames(section, match);
      config.checkExamples(examples, others);
    }
    section.end();
    return regex == null ? null : config;
  }

  private static String name(Section section) {
    String name = section.requiredString("name");
    if (!name.isEmpty() && (name.length() > 64 || !name.chars().allMatch(PatternConfig::isPlain))) {
      section.fault(
          "name",
          "name \"" + name + "\" must be at most 64 of letters, digits, \".\", \"_\", \"-\"");
    }
    return name;
  }

  private static boolean isPlain(int c) {
    return c == '.' || c == '-' || isWord(c);
  }

  private static boolean isWord(int c) {
    return c == '_' || (c < 128 && Character.isLetterOrDigit(c));
  }

  /** A list of captured names, or of labels with their texts. */
  private static Map<String, String> labels(Section section) {
    Value value = section.value("labels");
    Map<String, String> labels = new LinkedHashMap<>();
    if (value != null && value.isSection()) {
      labels.putAll(value.section().stringMap());
    } else {
      section.strings("labels").forEach(name -> labels.put(name, "${" + name + "}"));
    }
    if (labels.size() > MOST_LABELS) {
      section.fault("labels", "more than " + MOST_LABELS + " labels");
    }
    for (String name : labels.keySet()) {
      if (!isLabel(name) || name.equals("pattern")) {
        section.fault(
            "labels",
            "label \""
                + name
                + "\" must be letters, digits and _, not begin with a digit or __,"
                + " and not be pattern");
      }
    }
    return labels;
  }

  private static boolean isLabel(String name) {
    return !name.isEmpty()
        && !name.startsWith("__")
        && !Character.isDigit(name.charAt(0))
        && name.chars().allMatch(PatternConfig::isWord);
  }

  private void checkNames(Section section, Value match) {
    Set<String> captured = match().groups().keySet();
    for (String field : captured) {
      if (TAKEN.contains(field) || field.length() > 32) {
        match.fault(
            "captured field \""
                + field
                + "\" must be at most 32 long and none of "
                + sorted(TAKEN));
      }
    }
    if (!value.isEmpty()) {
      checkCaptured(section, "value", value, captured);
    }
    foldBy.forEach(field -> checkCaptured(section, "fold_by", field, captured));
    for (String text : labels.values()) {
      for (String field : LabelText.of(text).fields()) {
        checkCaptured(section, "labels", field, captured);
      }
    }
  }

  private static String sorted(Set<String> words) {
    return String.join(", ", new TreeSet<>(words));
  }

  private static void checkCaptured(
      Section section, String key, String field, Set<String> captured) {
    if (captured.contains(field)) {
      return;
    }
    String nearest = Nearest.of(field, captured);
    section.fault(
        key,
        key
            + " names \""
            + field
            + "\", which match does not capture; "
            + (nearest == null
                ? "write (?P<" + field + ">…) in match"
                : "did you mean \"" + nearest + "\"?"));
  }

  /** Lines that must match, with fields that they must give, and lines that must not. */
  private void checkExamples(@Nullable Value examples, @Nullable Value others) {
    for (Value example : examples == null ? List.<Value>of() : examples.list()) {
      if (!example.isSection()) {
        checkExample(example, example.string(), Map.of());
        continue;
      }
      Section section = example.section();
      Value line = section.value("line");
      Map<String, String> fields = section.section("fields").stringMap();
      checkExample(line == null ? example : line, section.requiredString("line"), fields);
      section.end();
    }
    for (Value other : others == null ? List.<Value>of() : others.list()) {
      String line = other.string();
      if (line != null && match.find(line) != null) {
        other.fault("pattern \"" + name + "\" matches this line, which stands under not");
      }
    }
  }

  private void checkExample(Value at, @Nullable String line, Map<String, String> wanted) {
    if (line == null) {
      return;
    }
    Matcher found = match.find(line);
    if (found == null) {
      at.fault("pattern \"" + name + "\" does not match its example");
      return;
    }
    Map<String, String> fields = captured(found, Integer.MAX_VALUE);
    for (Map.Entry<String, String> field : wanted.entrySet()) {
      String got = fields.getOrDefault(field.getKey(), "");
      if (!got.equals(field.getValue())) {
        at.fault(
            "pattern \""
                + name
                + "\" captures "
                + field.getKey()
                + " \""
                + got
                + "\" from its example, not \""
                + field.getValue()
                + "\"");
      }
    }
  }

  /** The captured fields that are not empty, by name. */
  Map<String, String> captured(Matcher found, int mostLength) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (Map.Entry<String, Integer> group : match.groups().entrySet()) {
      String text = found.group(group.getValue());
      if (text != null && !text.isEmpty()) {
        fields.put(group.getKey(), text.substring(0, Math.min(text.length(), mostLength)));
      }
    }
    return fields;
  }
}
