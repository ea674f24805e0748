package vigie.collector.api.loki;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import vigie.base.time.Durations;
import vigie.collector.event.LineFilter;
import vigie.collector.label.LabelMatcher;

/**
 * Reads the part of LogQL that is answered: selectors, line filters, label filters, {@code drop
 * __error__}, {@code count_over_time}, {@code rate}, and {@code sum}, {@code min}, {@code max},
 * {@code avg}, {@code count} over them. Anything else is refused by name and position.
 */
final class LogQlParser {
  private static final int LONGEST = 16 << 10;
  private static final int DEEPEST = 16;
  private static final Set<String> ERRORS = Set.of("__error__", "__error_details__");

  /** What is wrong, and where. */
  static final class Wrong extends RuntimeException {
    private static final long serialVersionUID = 1;

    Wrong(String message) {
      super(message, null, false, false);
    }
  }

  private final String text;
  private int at;
  private int depth;

  private LogQlParser(String text) {
    this.text = text;
  }

  /**
   * The query.
   *
   * @throws Wrong if it is none, or one that is not answered
   */
  static LogQuery parse(String text) {
    LogQlParser parser = new LogQlParser(text);
    if (text.length() > LONGEST) {
      throw parser.wrong("the query has more than " + LONGEST + " characters");
    }
    parser.space();
    LogQuery query = parser.peek("{") ? parser.lines() : parser.metric();
    parser.space();
    if (parser.at < text.length()) {
      throw parser.wrong(parser.here() + " is not supported here");
    }
    return query;
  }

  private LogQuery.Metric metric() {
    LogQuery.Metric left = term();
    space();
    while (peek("+")) {
      at++;
      LogQuery.Metric right = term();
      if (left instanceof LogQuery.Constant a && right instanceof LogQuery.Constant b) {
        left = new LogQuery.Constant(a.value() + b.value());
      } else {
        throw wrong("arithmetic is not supported");
      }
      space();
    }
    return left;
  }

  private LogQuery.Metric term() {
    space();
    if (++depth > DEEPEST) {
      throw wrong("the query is nested more than " + DEEPEST + " deep");
    }
    try {
      if (peek("(")) {
        expect("(");
        LogQuery.Metric inner = metric();
        expect(")");
        return inner;
      }
      int start = at;
      String name = word();
      return switch (name) {
        case "count_over_time" -> counted(false);
        case "rate" -> counted(true);
        case "sum", "min", "max", "avg", "count" ->
            aggregated(LogQuery.Aggregate.valueOf(name.toUpperCase(Locale.ROOT)));
        case "vector" -> constant();
        case "" -> throw wrong(here() + " begins no query");
        default -> {
          at = start;
          throw wrong(name + " is not supported");
        }
      };
    } finally {
      depth--;
    }
  }

  private LogQuery.Metric constant() {
    expect("(");
    int start = at;
    while (at < text.length() && text.charAt(at) != ')') {
      at++;
    }
    try {
      double value = Double.parseDouble(text.substring(start, at).strip());
      expect(")");
      return new LogQuery.Constant(value);
    } catch (NumberFormatException e) {
      at = start;
      throw wrong("vector needs a number");
    }
  }

  private LogQuery.Metric aggregated(LogQuery.Aggregate op) {
    space();
    Grouping grouping = grouping();
    expect("(");
    LogQuery.Metric of = metric();
    expect(")");
    Grouping behind = grouping();
    Grouping used = behind.given ? behind : grouping;
    if (behind.given && grouping.given) {
      throw wrong("labels are given twice");
    }
    return new LogQuery.Aggregated(op, used.by, used.labels, of);
  }

  private record Grouping(boolean given, boolean by, List<String> labels) {}

  private Grouping grouping() {
    space();
    boolean by = keyword("by");
    if (!by && !keyword("without")) {
      return new Grouping(false, true, List.of());
    }
    List<String> labels = new ArrayList<>();
    expect("(");
    space();
    while (!peek(")")) {
      labels.add(label());
      space();
      if (!peek(")")) {
        expect(",");
        space();
      }
    }
    expect(")");
    return new Grouping(true, by, labels);
  }

  private LogQuery.Metric counted(boolean perSecond) {
    expect("(");
    space();
    LogQuery.Lines lines = lines();
    Duration range = bracketed();
    // Filters may also stand behind the range.
    LogQuery.Lines more = stages(lines);
    Duration offset = Duration.ZERO;
    space();
    if (keyword("offset")) {
      space();
      int start = at;
      while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
        at++;
      }
      offset = duration(start, text.substring(start, at));
    }
    expect(")");
    return new LogQuery.Counted(more, range, offset, perSecond);
  }

  private Duration bracketed() {
    expect("[");
    int start = at;
    while (at < text.length() && text.charAt(at) != ']') {
      at++;
    }
    Duration range = duration(start, text.substring(start, at).strip());
    expect("]");
    return range;
  }

  private Duration duration(int start, String written) {
    try {
      Duration duration = Durations.parse(written);
      if (duration.isZero() || duration.isNegative()) {
        throw new IllegalArgumentException("zero");
      }
      return duration;
    } catch (IllegalArgumentException e) {
      at = start;
      throw wrong("\"" + written + "\" is no duration such as 5m");
    }
  }

  private LogQuery.Lines lines() {
    expect("{");
    List<LabelMatcher> matchers = new ArrayList<>();
    space();
    while (!peek("}")) {
      matchers.add(matcher(label()));
      space();
      if (!peek("}")) {
        expect(",");
        space();
      }
    }
    expect("}");
    return stages(new LogQuery.Lines(matchers, List.of()));
  }

  private LogQuery.Lines stages(LogQuery.Lines before) {
    List<LabelMatcher> matchers = new ArrayList<>(before.matchers());
    List<LineFilter> filters = new ArrayList<>(before.filters());
    for (space(); at < text.length(); space()) {
      if (peek("|=") || peek("|~") || peek("!=") || peek("!~")) {
        boolean not = text.charAt(at) == '!';
        boolean regex = text.charAt(at + 1) == '~';
        at += 2;
        space();
        int start = at;
        String wanted = string();
        space();
        if (keyword("or")) {
          throw wrong("or between line filters is not supported; write |~ \"a|b\"");
        }
        filters.add(filter(start, wanted, regex, not));
      } else if (peek("|")) {
        at++;
        stage(matchers);
      } else {
        break;
      }
    }
    return new LogQuery.Lines(matchers, filters);
  }

  private LineFilter filter(int start, String wanted, boolean regex, boolean not) {
    try {
      return regex ? LineFilter.finds(wanted, not) : LineFilter.contains(wanted, not);
    } catch (IllegalArgumentException e) {
      at = start;
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  /** Behind a |: a label filter, or what drops labels that no line has. */
  private void stage(List<LabelMatcher> matchers) {
    space();
    int start = at;
    String name = label();
    space();
    if (name.equals("drop")) {
      do {
        space();
        int from = at;
        if (!ERRORS.contains(label())) {
          at = from;
          throw wrong("drop is supported for __error__ only");
        }
        space();
      } while (take(","));
      return;
    }
    if (!peek("=") && !peek("!")) {
      at = start;
      throw wrong("the stage " + name + " is not supported");
    }
    matchers.add(matcher(name));
    space();
    while (take(",") || keyword("and")) {
      space();
      matchers.add(matcher(label()));
      space();
    }
    if (keyword("or")) {
      throw wrong("or between label filters is not supported; write =~ \"a|b\"");
    }
  }

  private LabelMatcher matcher(String name) {
    space();
    LabelMatcher.Op op;
    if (take("=~")) {
      op = LabelMatcher.Op.REGEX;
    } else if (take("!~")) {
      op = LabelMatcher.Op.NOT_REGEX;
    } else if (take("!=")) {
      op = LabelMatcher.Op.NOT_EQUAL;
    } else if (take("=")) {
      op = LabelMatcher.Op.EQUAL;
    } else {
      throw wrong("expected =, !=, =~ or !~ instead of " + here());
    }
    space();
    int start = at;
    String value = string();
    try {
      return EventLabels.matcher(op, name, value);
    } catch (IllegalArgumentException e) {
      at = start;
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private String string() {
    if (peek("`")) {
      int end = text.indexOf('`', at + 1);
      if (end < 0) {
        throw wrong("the string is not closed");
      }
      String raw = text.substring(at + 1, end);
      at = end + 1;
      return raw;
    }
    if (!peek("\"")) {
      throw wrong("expected a string instead of " + here());
    }
    int start = at++;
    StringBuilder out = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '"') {
        return out.toString();
      }
      out.append(c == '\\' ? escaped() : c);
    }
    at = start;
    throw wrong("the string is not closed");
  }

  private char escaped() {
    if (at == text.length()) {
      throw wrong("the string is not closed");
    }
    char c = text.charAt(at++);
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case '"', '\\', '\'' -> c;
      default -> {
        at--;
        throw wrong("\\" + c + " is not supported in a string");
      }
    };
  }

  private String label() {
    String name = word();
    if (name.isEmpty()) {
      throw wrong("expected a label instead of " + here());
    }
    return name;
  }

  private String word() {
    int start = at;
    while (at < text.length()
        && (text.charAt(at) == '_'
            || (text.charAt(at) < 128 && Character.isLetterOrDigit(text.charAt(at))))) {
      at++;
    }
    return text.substring(start, at);
  }

  private boolean keyword(String word) {
    int start = at;
    if (word().equals(word)) {
      return true;
    }
    at = start;
    return false;
  }

  private void space() {
    while (at < text.length()) {
      if (text.charAt(at) == '#') {
        while (at < text.length() && text.charAt(at) != '\n') {
          at++;
        }
      } else if (Character.isWhitespace(text.charAt(at))) {
        at++;
      } else {
        return;
      }
    }
  }

  private boolean peek(String token) {
    return text.startsWith(token, at);
  }

  private boolean take(String token) {
    if (peek(token)) {
      at += token.length();
      return true;
    }
    return false;
  }

  private void expect(String token) {
    space();
    if (!take(token)) {
      throw wrong("expected " + token + " instead of " + here());
    }
  }

  private String here() {
    if (at >= text.length()) {
      return "the end";
    }
    int start = at;
    String word = word();
    at = start;
    return "\"" + (word.isEmpty() ? text.substring(at, at + 1) : word) + "\"";
  }

  private Wrong wrong(String what) {
    int line = 1;
    int column = 1;
    for (int i = 0; i < Math.min(at, text.length()); i++) {
      column = text.charAt(i) == '\n' ? 1 : column + 1;
      line += text.charAt(i) == '\n' ? 1 : 0;
    }
    return new Wrong("parse error at line " + line + ", col " + column + ": " + what);
  }
}
