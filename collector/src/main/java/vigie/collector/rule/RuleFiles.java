package vigie.collector.rule;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.config.Position;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;
import vigie.collector.promql.ValueType;
import vigie.collector.template.Template;
import vigie.collector.template.TemplateException;

/**
 * Reads rule files in Prometheus's grammar. Expressions and templates are parsed here, so that what
 * is loaded can be evaluated.
 */
public final class RuleFiles {
  private static final Duration LEAST_INTERVAL = Duration.ofMillis(100);
  private static final Duration MOST = Duration.ofDays(3650);
  private static final int MOST_RULES = 20_000;
  private static final String DRILL = "drill.yml";

  private final Duration defaultInterval;
  private final Duration defaultOffset;
  private final Faults faults;
  private final List<RuleGroup> groups = new ArrayList<>();
  private int rules;

  private RuleFiles(Duration defaultInterval, Duration defaultOffset, Faults faults) {
    this.defaultInterval = defaultInterval;
    this.defaultOffset = defaultOffset;
    this.faults = faults;
  }

  /** Whether a file holds unit tests of rules, as its name says: they lie beside the rules. */
  public static boolean isTests(Path file) {
    return file.toString().endsWith("_test.yml");
  }

  /**
   * The groups of all files, in order. What is wrong is added to {@code faults}, all of it, each
   * with {@code file:line:column}; what has a fault is left out.
   *
   * @param defaultInterval of groups that name none
   */
  public static List<RuleGroup> load(List<Path> files, Duration defaultInterval, Faults faults) {
    return load(files, defaultInterval, Duration.ZERO, faults);
  }

  /**
   * The same.
   *
   * @param defaultOffset {@code query_offset} of groups that name none
   */
  public static List<RuleGroup> load(
      List<Path> files, Duration defaultInterval, Duration defaultOffset, Faults faults) {
    RuleFiles reader = new RuleFiles(defaultInterval, defaultOffset, faults);
    for (Path file : files) {
      try {
        reader.read(Yaml.load(file, Map.of(), faults), file.toString());
      } catch (ConfigException e) {
        e.faults().forEach(faults::add);
      }
    }
    return List.copyOf(reader.groups);
  }

  /** The group that drills go through; it is always loaded and not listed. */
  public static RuleGroup drill() {
    Faults faults = new Faults();
    RuleFiles reader = new RuleFiles(Duration.ofMinutes(1), Duration.ZERO, faults);
    try (InputStream in = RuleFiles.class.getResourceAsStream(DRILL)) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      reader.read(Yaml.parse(Path.of(DRILL), text, Map.of(), faults), DRILL);
      faults.throwIfAny();
    } catch (IOException e) {
      throw new IllegalStateException("BUG: " + DRILL + " cannot be read", e);
    }
    return reader.groups.get(0);
  }

  private void read(Section top, String file) {
    Map<String, Position> names = new HashMap<>();
    for (Section section : top.sections("groups")) {
      RuleGroup group = group(section, file);
      Position before = names.putIfAbsent(group.name(), section.position());
      if (before != null) {
        section.fault("name", "group \"" + group.name() + "\" is there twice, first at " + before);
      } else {
        groups.add(group);
      }
    }
    top.end();
  }

  private RuleGroup group(Section section, String file) {
    String name = section.requiredString("name");
    if (section.has("name") && name.isEmpty()) {
      section.fault("name", "a group needs a name");
    }
    Duration interval = section.duration("interval", Duration.ZERO);
    if (interval.isZero()) {
      interval = defaultInterval;
    } else {
      interval = section.duration("interval", defaultInterval, LEAST_INTERVAL, MOST);
    }
    int limit = (int) section.integer("limit", 0, 0, 1_000_000);
    Duration queryOffset = section.duration("query_offset", defaultOffset, Duration.ZERO, MOST);
    Map<String, Value> shared = labelValues(section);
    List<Rule> read = new ArrayList<>();
    for (Section each : section.sections("rules")) {
      Rule rule = rule(each, shared);
      if (rule != null && ++rules <= MOST_RULES) {
        read.add(rule);
      } else if (rules == MOST_RULES + 1) {
        each.fault("more than " + MOST_RULES + " rules");
      }
    }
    section.end();
    return new RuleGroup(name, file, interval, limit, queryOffset, read);
  }

  private @Nullable Rule rule(Section section, Map<String, Value> shared) {
    int before = faults.all().size();
    String record = section.string("record", "");
    String alert = section.string("alert", "");
    if (!record.isEmpty() && !alert.isEmpty()) {
      section.fault("a rule has either record or alert, not both");
    } else if (record.isEmpty() && alert.isEmpty()) {
      section.fault("a rule needs record or alert");
    }
    String owner = alert.isEmpty() ? "record " + record : "alert " + alert;
    Expr expr = expr(section, owner);
    Map<String, Value> labels = new LinkedHashMap<>(shared);
    labels.putAll(labelValues(section));
    Duration hold = section.duration("for", Duration.ZERO, Duration.ZERO, MOST);
    Duration keep = section.duration("keep_firing_for", Duration.ZERO, Duration.ZERO, MOST);
    Map<String, Value> annotations = values(section, "annotations");
    section.end();
    Rule rule =
        alert.isEmpty()
            ? recording(section, record, expr, labels)
            : new Rule.Alerting(
                section.position(),
                alert,
                section.string("expr", ""),
                expr,
                hold,
                keep,
                templates(labels, "label", owner),
                templates(annotations, "annotation", owner));
    for (String name : annotations.keySet()) {
      if (!isLabelName(name)) {
        section.section("annotations").fault(name, "annotation \"" + name + "\" is not a name");
      }
    }
    return faults.all().size() == before ? rule : null;
  }

  private static Rule recording(
      Section section, String record, Expr expr, Map<String, Value> values) {
    for (String key : List.of("for", "keep_firing_for", "annotations")) {
      if (section.has(key)) {
        section.fault(key, key + " is only for alerts; record " + record + " has it");
      }
    }
    if (!record.isEmpty() && !isMetricName(record)) {
      section.fault(
          "record",
          "\"" + record + "\" is not a metric name: it has braces; labels stand under labels:");
    }
    Labels.Builder labels = Labels.EMPTY.toBuilder();
    values.forEach(
        (name, value) -> {
          String text = value.string();
          labels.set(name, text == null ? "" : text);
        });
    return new Rule.Recording(
        section.position(), record, section.string("expr", ""), expr, labels.build());
  }

  /** The expression, or a stand-in after a fault. */
  private static Expr expr(Section section, String owner) {
    Value value = section.value("expr");
    if (value == null) {
      section.fault("key \"expr\" is missing in " + owner);
      return Parser.parse("0");
    }
    String text = value.string();
    try {
      Expr expr = Parser.parse(text == null ? "0" : text);
      if (expr.type() != ValueType.VECTOR && expr.type() != ValueType.SCALAR) {
        value.fault(
            "expr of "
                + owner
                + " gives a "
                + expr.type().text()
                + "; a rule needs a vector or a scalar");
      }
      return expr;
    } catch (PromqlException e) {
      String place = e.line() + ":" + e.column() + ": ";
      String said = String.valueOf(e.getMessage());
      value.fault(
          e.line(),
          e.column(),
          "expr of "
              + owner
              + ": "
              + (said.startsWith(place) ? said.substring(place.length()) : said));
      return Parser.parse("0");
    }
  }

  private static Map<String, Value> labelValues(Section section) {
    Map<String, Value> values = values(section, "labels");
    for (String name : values.keySet()) {
      if (!isLabelName(name) || name.equals(Labels.NAME)) {
        section
            .section("labels")
            .fault(
                name,
                "\""
                    + name
                    + "\" is not a label name"
                    + (name.isEmpty() ? "" : " that a rule can set"));
      }
    }
    return values;
  }

  private static Map<String, Value> values(Section section, String key) {
    Map<String, Value> values = new LinkedHashMap<>();
    Section inner = section.section(key);
    for (String name : inner.keys()) {
      Value value = inner.value(name);
      if (value != null) {
        values.put(name, value);
      }
    }
    return values;
  }

  private static Map<String, Template> templates(
      Map<String, Value> values, String kind, String owner) {
    Map<String, Template> templates = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> {
          String text = value.string();
          try {
            templates.put(name, Template.parse(text == null ? "" : text));
          } catch (TemplateException e) {
            value.fault(
                e.line(),
                e.column(),
                kind + " \"" + name + "\" of " + owner + ": " + e.getMessage());
          }
        });
    return templates;
  }

  /**
   * Any UTF-8 will do, as in Prometheus 3; braces are what an expression in the wrong place has.
   */
  private static boolean isMetricName(String name) {
    return isLabelName(name) && name.indexOf('{') < 0 && name.indexOf('}') < 0;
  }

  private static boolean isLabelName(String name) {
    return !name.isEmpty() && StandardCharsets.UTF_8.newEncoder().canEncode(name);
  }
}
