package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads Prometheus's text format 0.0.4, as strictly as its own parser does: a half-written file
 * must not pass for a whole one. Bounded by what it is given.
 *
 * <pre>
 * # HELP name text, with \\ and \n        at most once, before or after TYPE
 * # TYPE name counter|gauge|histogram|summary|untyped
 * name{label="value, with \\ \" \n",…} value [timestamp in ms]
 * </pre>
 */
final class TextFormat {
  private static final Set<String> TYPES =
      Set.of("counter", "gauge", "histogram", "summary", "untyped");

  private final String text;
  private final Map<String, Metric> metrics = new LinkedHashMap<>();
  private int at;
  private int line = 1;

  private TextFormat(String text) {
    this.text = text;
  }

  /** What stands under one name. */
  static final class Metric {
    final String name;
    @Nullable String help;
    @Nullable String type;
    final List<Sample> samples = new ArrayList<>();

    private Metric(String name) {
      this.name = name;
    }
  }

  /**
   * One line.
   *
   * @param name with {@code _bucket}, {@code _sum} and {@code _count}
   */
  record Sample(String name, Labels labels, double value, boolean hasTimestamp) {}

  /**
   * The metrics that have samples, in the order of the text.
   *
   * @throws IllegalArgumentException with the line and what is wrong there
   */
  static List<Metric> parse(String text) {
    TextFormat format = new TextFormat(text);
    if (!text.isEmpty() && !text.endsWith("\n")) {
      throw format.fault("the file does not end with a line end; it may be half written");
    }
    while (format.at < text.length()) {
      format.line();
      format.line++;
    }
    return format.metrics.values().stream().filter(metric -> !metric.samples.isEmpty()).toList();
  }

  private void line() {
    blanks();
    char first = text.charAt(at);
    if (first == '#') {
      comment();
    } else if (first != '\n') {
      sample();
    }
    if (text.charAt(at) != '\n') {
      throw fault("unexpected \"" + rest() + "\"");
    }
    at++;
  }

  private void comment() {
    at++;
    blanks();
    String keyword = word();
    if (!keyword.equals("HELP") && !keyword.equals("TYPE")) {
      rest();
      return;
    }
    blanks();
    String name = name(true);
    blanks();
    Metric metric = metric(name);
    if (keyword.equals("HELP")) {
      if (metric.help != null) {
        throw fault("a second HELP of " + name);
      }
      metric.help = unescape(rest());
    } else {
      String type = rest().strip();
      if (metric.type != null || !metric.samples.isEmpty()) {
        throw fault("a second TYPE of " + name + ", or one after its samples");
      }
      if (!TYPES.contains(type)) {
        throw fault("unknown type \"" + type + "\"");
      }
      metric.type = type;
    }
  }

  private void sample() {
    String name = name(true);
    blanks();
    Labels labels = Labels.EMPTY;
    if (text.charAt(at) == '{') {
      at++;
      labels = labels();
    }
    blanks();
    double value = value(word());
    blanks();
    String timestamp = word();
    if (!timestamp.isEmpty() && !timestamp.matches("-?[0-9]{1,18}")) {
      throw fault("\"" + timestamp + "\" is not a timestamp");
    }
    blanks();
    owner(name).samples.add(new Sample(name, labels, value, !timestamp.isEmpty()));
  }

  private Labels labels() {
    List<String> names = new ArrayList<>();
    List<String> values = new ArrayList<>();
    blanks();
    while (text.charAt(at) != '}') {
      String name = name(false);
      if (names.contains(name) || name.equals("__name__")) {
        throw fault("label " + name + " stands there twice or is reserved");
      }
      blanks();
      expect('=');
      blanks();
      expect('"');
      names.add(name);
      values.add(quoted());
      blanks();
      if (text.charAt(at) == ',') {
        at++;
        blanks();
      } else if (text.charAt(at) != '}') {
        throw fault("expected , or } after a label");
      }
    }
    at++;
    return Labels.of(names, values);
  }

  private String quoted() {
    StringBuilder value = new StringBuilder();
    while (text.charAt(at) != '"') {
      char c = text.charAt(at++);
      if (c == '\n') {
        throw fault("a label's value without its closing \"");
      } else if (c == '\\') {
        char escaped = text.charAt(at++);
        if (escaped == 'n') {
          value.append('\n');
        } else if (escaped == '\\' || escaped == '"') {
          value.append(escaped);
        } else {
          throw fault("unknown escape \\" + escaped);
        }
      } else {
        value.append(c);
      }
    }
    at++;
    return value.toString();
  }

  /** The metric that a sample belongs to: its own, or the histogram or summary it is a part of. */
  private Metric owner(String name) {
    for (String suffix : List.of("_bucket", "_sum", "_count")) {
      if (name.endsWith(suffix)) {
        Metric whole = metrics.get(name.substring(0, name.length() - suffix.length()));
        if (whole != null
            && ("histogram".equals(whole.type)
                || ("summary".equals(whole.type) && !suffix.equals("_bucket")))) {
          return whole;
        }
      }
    }
    return metric(name);
  }

  private Metric metric(String name) {
    return metrics.computeIfAbsent(name, Metric::new);
  }

  private double value(String word) {
    String plain = word.startsWith("+") || word.startsWith("-") ? word.substring(1) : word;
    if (plain.equalsIgnoreCase("inf") || plain.equalsIgnoreCase("infinity")) {
      return word.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    } else if (word.equalsIgnoreCase("nan")) {
      return Double.NaN;
    }
    // Java also takes 1d and 1f.
    if (!plain.isEmpty() && plain.chars().allMatch(c -> "0123456789.eE+-".indexOf(c) >= 0)) {
      try {
        return Double.parseDouble(word);
      } catch (NumberFormatException notOne) {
        throw fault("\"" + word + "\" is not a number");
      }
    }
    throw fault("\"" + word + "\" is not a number");
  }

  private String name(boolean ofMetric) {
    int from = at;
    while (isNamePart(text.charAt(at), ofMetric, at > from)) {
      at++;
    }
    if (at == from) {
      throw fault("expected a name, not \"" + rest() + "\"");
    }
    return text.substring(from, at);
  }

  private static boolean isNamePart(char c, boolean ofMetric, boolean later) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || c == '_'
        || (ofMetric && c == ':')
        || (later && c >= '0' && c <= '9');
  }

  private void blanks() {
    while (text.charAt(at) == ' ' || text.charAt(at) == '\t') {
      at++;
    }
  }

  private String word() {
    int from = at;
    while (" \t\n".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return text.substring(from, at);
  }

  private String rest() {
    int end = text.indexOf('\n', at);
    String rest = text.substring(at, end);
    at = end;
    return rest;
  }

  private void expect(char c) {
    if (text.charAt(at) != c) {
      throw fault("expected " + c);
    }
    at++;
  }

  private static String unescape(String help) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < help.length(); i++) {
      char c = help.charAt(i);
      if (c == '\\' && i + 1 < help.length()) {
        char escaped = help.charAt(++i);
        if (escaped == 'n') {
          plain.append('\n');
        } else {
          plain.append(escaped == '\\' ? "\\" : "\\" + escaped);
        }
      } else {
        plain.append(c);
      }
    }
    return plain.toString();
  }

  private IllegalArgumentException fault(String what) {
    return new IllegalArgumentException("line " + line + ": " + what);
  }
}
