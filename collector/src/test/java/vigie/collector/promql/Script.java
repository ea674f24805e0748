package vigie.collector.promql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Durations;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.Staleness;

/** A script in Prometheus's test language, as commands; the language is told in README.md. */
record Script(String name, List<Command> commands) {
  /** One of the commands. */
  sealed interface Command {}

  record Clear() implements Command {}

  /**
   * @param custom whether native histograms are to be made of classic ones
   * @param started labels of series that have start timestamps, which are not loaded
   */
  record Load(long intervalMillis, boolean custom, List<Line> series, List<Labels> started)
      implements Command {}

  /** A series and its points: {@code null} is no sample. */
  record Line(Labels labels, List<@Nullable Point> points) {}

  /**
   * A number or a histogram.
   *
   * @param hinted whether the histogram's hint was written down, and so counts in a comparison
   */
  record Point(double number, @Nullable Histogram histogram, boolean hinted) {
    Point(double number) {
      this(number, null, false);
    }
  }

  /** An expected error, warning or info; both null: any. */
  record Message(@Nullable String text, @Nullable Pattern pattern) {
    boolean matches(String actual) {
      return (text == null || text.equals(actual))
          && (pattern == null || pattern.matcher(actual).find());
    }
  }

  /** An evaluation; one step for an instant. */
  record Eval(
      int line, String query, boolean range, long start, long end, long step, Expected expected)
      implements Command {}

  /** What is expected of an evaluation. */
  static final class Expected {
    final List<Message> fail = new ArrayList<>();
    final List<Message> warn = new ArrayList<>();
    final List<Message> info = new ArrayList<>();
    final List<Line> series = new ArrayList<>();
    boolean noWarn;
    boolean noInfo;
    boolean ordered;
    @Nullable String text;
    @Nullable Double scalar;
    long @Nullable [] rangeVector;
  }

  private static final Pattern EVAL =
      Pattern.compile(
          "eval(_\\w+)?\\s+(instant|range)\\s+(?:at\\s+(\\S+)|from\\s+(\\S+)\\s+to\\s+(\\S+)\\s+step\\s+(\\S+))\\s+(.*)");
  private static final String NUMBER =
      "[+-]?(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|[iI]nf|[nN]a[nN])";
  private static final Pattern POINTS =
      Pattern.compile("(" + NUMBER + "|_|stale)(?:([+-]" + NUMBER.substring(5) + "))?(?:x(\\d+))?");

  static Script parse(String name, String text) {
    List<Command> commands = new ArrayList<>();
    String[] lines = text.split("\n", -1);
    int at = 0;
    while (at < lines.length) {
      if (isEmpty(lines[at])) {
        at++;
        continue;
      }
      if (lines[at].trim().equals("clear")) {
        commands.add(new Clear());
        at++;
        continue;
      }
      int first = at;
      List<String> block = new ArrayList<>();
      while (at < lines.length && !isEmpty(lines[at])) {
        block.add(lines[at++].trim());
      }
      try {
        commands.add(command(first + 1, block));
      } catch (RuntimeException e) {
        throw new IllegalArgumentException(name + ":" + (first + 1) + ": " + e.getMessage(), e);
      }
    }
    return new Script(name, commands);
  }

  private static boolean isEmpty(String line) {
    String trimmed = line.trim();
    return trimmed.isEmpty() || trimmed.startsWith("#");
  }

  private static Command command(int line, List<String> block) {
    String head = block.get(0);
    List<String> body = block.subList(1, block.size());
    if (head.startsWith("load")) {
      return load(head, body);
    }
    Matcher eval = EVAL.matcher(head);
    if (!eval.matches()) {
      throw new IllegalArgumentException("unknown command: " + head);
    }
    Expected expected = expected(body, eval.group(1) == null ? "" : eval.group(1));
    boolean range = eval.group(2).equals("range");
    long start = millis(range ? eval.group(4) : eval.group(3));
    long end = range ? millis(eval.group(5)) : start;
    long step = range ? millis(eval.group(6)) : 1;
    return new Eval(line, eval.group(7), range, start, end, step, expected);
  }

  private static Load load(String head, List<String> body) {
    String[] words = head.split("\\s+", -1);
    boolean custom = words[0].equals("load_with_nhcb");
    List<Line> series = new ArrayList<>();
    List<Labels> started = new ArrayList<>();
    for (String line : body) {
      int[] end = new int[1];
      Labels labels = labels(line, end);
      if (line.startsWith("@st", end[0])) {
        started.add(labels);
        continue;
      }
      String rest = line.substring(end[0]);
      series.add(new Line(labels, points(rest)));
    }
    return new Load(millis(words[1]), custom, series, started);
  }

  private static Expected expected(List<String> body, String oldForm) {
    Expected expected = new Expected();
    Message any = new Message(null, null);
    switch (oldForm) {
      case "_fail" -> expected.fail.add(any);
      case "_warn" -> expected.warn.add(any);
      case "_info" -> expected.info.add(any);
      case "_ordered" -> expected.ordered = true;
      default -> {}
    }
    for (String line : body) {
      if (line.startsWith("expect ")) {
        expect(expected, line.substring(7).trim());
      } else if (line.startsWith("expected_fail_message")) {
        expected.fail.clear();
        expected.fail.add(new Message(line.substring(21).trim(), null));
      } else if (line.startsWith("expected_fail_regexp")) {
        expected.fail.clear();
        expected.fail.add(new Message(null, Pattern.compile(line.substring(20).trim())));
      } else if (line.matches(NUMBER)) {
        expected.scalar = number(line);
      } else {
        int[] end = new int[1];
        Labels labels = labels(line, end);
        String rest = line.substring(end[0]);
        expected.series.add(new Line(labels, points(rest)));
      }
    }
    return expected;
  }

  private static void expect(Expected expected, String what) {
    String[] words = what.split("\\s+", 2);
    String rest = words.length > 1 ? words[1].trim() : "";
    switch (words[0]) {
      case "fail" -> expected.fail.add(message(rest));
      case "warn" -> expected.warn.add(message(rest));
      case "info" -> expected.info.add(message(rest));
      case "no_warn" -> expected.noWarn = true;
      case "no_info" -> expected.noInfo = true;
      case "ordered" -> expected.ordered = true;
      case "string" -> expected.text = ((Expr.Text) Parser.parse(rest)).value();
      case "range" -> {
        String[] parts = rest.split("\\s+", -1);
        expected.rangeVector = new long[] {millis(parts[2]), millis(parts[4]), millis(parts[6])};
      }
      default -> throw new IllegalArgumentException("unknown expectation: " + what);
    }
  }

  private static Message message(String rest) {
    if (rest.startsWith("msg:")) {
      return new Message(rest.substring(4).trim(), null);
    }
    if (rest.startsWith("regex:")) {
      return new Message(null, Pattern.compile(rest.substring(6).trim()));
    }
    return new Message(null, null);
  }

  /** The labels at the start of the line, and in {@code end} where they end. */
  private static Labels labels(String line, int[] end) {
    Map<String, String> labels = new TreeMap<>();
    int at = 0;
    while (at < line.length() && " \t{@".indexOf(line.charAt(at)) < 0) {
      at++;
    }
    if (at > 0) {
      labels.put(Labels.NAME, line.substring(0, at));
    }
    if (at < line.length() && line.charAt(at) == '{') {
      int close = at + 1;
      char quote = 0;
      while (line.charAt(close) != '}' || quote != 0) {
        char c = line.charAt(close);
        if (c == '\\' && quote != 0) {
          close++;
        } else if (quote == 0 && (c == '"' || c == '\'' || c == '`')) {
          quote = c;
        } else if (c == quote) {
          quote = 0;
        }
        close++;
      }
      pairs(line.substring(at + 1, close), labels);
      at = close + 1;
    }
    end[0] = at;
    return Labels.of(labels);
  }

  private static void pairs(String inside, Map<String, String> labels) {
    List<Token> tokens = Lexer.tokens(inside);
    int at = 0;
    while (!tokens.get(at).is(Token.Kind.END)) {
      Token name = tokens.get(at++);
      if (tokens.get(at).isOperator("=")) {
        labels.put(name.text(), tokens.get(at + 1).text());
        at += 2;
      } else {
        labels.put(Labels.NAME, name.text());
      }
      at += tokens.get(at).is(Token.Kind.COMMA) ? 1 : 0;
    }
  }

  private static List<@Nullable Point> points(String text) {
    List<@Nullable Point> points = new ArrayList<>();
    for (String token : tokens(text)) {
      if (token.contains("{{")) {
        for (SeriesNotation.Value value : SeriesNotation.values(token)) {
          points.add(new Point(Double.NaN, value.histogram(), HistogramNotation.hasHint(token)));
        }
        continue;
      }
      Matcher matcher = POINTS.matcher(token);
      if (!matcher.matches()) {
        points.add(new Point((double) Long.decode(token)));
        continue;
      }
      int more = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
      String first = matcher.group(1);
      if (first.equals("_")) {
        for (int i = 0; i < Math.max(1, more); i++) {
          points.add(null);
        }
        continue;
      }
      double value = first.equals("stale") ? Staleness.MARKER : number(first);
      double step = matcher.group(2) == null ? 0 : number(matcher.group(2));
      points.add(new Point(value));
      for (int i = 0; i < more; i++) {
        if (step != 0) {
          value += step;
        }
        points.add(new Point(value));
      }
    }
    return points;
  }

  /** Words, but what stands in double braces is one with what it touches. */
  private static List<String> tokens(String text) {
    List<String> tokens = new ArrayList<>();
    StringBuilder token = new StringBuilder();
    int braces = 0;
    for (char c : (text + " ").toCharArray()) {
      braces += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (braces == 0 && Character.isWhitespace(c)) {
        if (token.length() > 0) {
          tokens.add(token.toString());
        }
        token.setLength(0);
      } else {
        token.append(c);
      }
    }
    return tokens;
  }

  private static double number(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "inf", "+inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case "nan", "+nan", "-nan" -> Double.NaN;
      default -> Double.parseDouble(text);
    };
  }

  private static long millis(String text) {
    if (text.startsWith("-")) {
      return -millis(text.substring(1));
    }
    return text.matches("[0-9.]+")
        ? Math.round(Double.parseDouble(text) * 1000)
        : Durations.parse(text).toMillis();
  }
}
