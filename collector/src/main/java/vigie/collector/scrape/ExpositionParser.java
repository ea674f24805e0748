package vigie.collector.scrape;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Floats;
import vigie.collector.label.Labels;

/**
 * Reads Prometheus text format 0.0.4 and OpenMetrics 1.0, a line at a time, out of a byte array.
 * The series of a line stays bytes: whoever has seen it before needs no labels of it. Exemplars are
 * skipped. Not safe for several threads.
 *
 * <p>Source: Prometheus exposition formats; OpenMetrics 1.0, section ABNF.
 */
final class ExpositionParser implements Exposition {
  private static final int MOST_METADATA = 5_000;
  private static final int LONGEST_TEXT = 1_000;
  private static final double[] POWERS = new double[23];

  static {
    double power = 1;
    for (int i = 0; i < POWERS.length; i++) {
      POWERS[i] = power;
      power *= 10;
    }
  }

  private final boolean openMetrics;
  private byte[] text = new byte[0];
  private int end;
  private int at;
  private int line;
  private int seriesStart;
  private int seriesEnd;
  private double value;
  private boolean timed;
  private long timeMillis;
  private boolean eof;
  private List<String> emptyNames = List.of();

  /** The label whose values are numbers, by the last type that was said; {@code ""} for none. */
  private String boundLabel = "";

  ExpositionParser(boolean openMetrics) {
    this.openMetrics = openMetrics;
  }

  @Override
  public void reset(byte[] bytes, int length) {
    text = bytes;
    end = length;
    at = 0;
    line = 0;
    eof = false;
    boundLabel = "";
  }

  @Override
  public boolean nextSeries() {
    while (at < end) {
      line++;
      if (eof && openMetrics) {
        throw fault("there is more behind # EOF");
      }
      byte b = text[at];
      if (b == '\n') {
        at++;
      } else if (b == '#') {
        comment();
      } else {
        if (b == ' ' || b == '\t') {
          skipBlanks();
          if (at >= end || text[at] == '\n') {
            continue;
          }
        }
        seriesStart = at;
        return true;
      }
    }
    if (openMetrics && !eof) {
      throw fault("data does not end with # EOF");
    }
    return false;
  }

  private void comment() {
    int start = at;
    while (at < end && text[at] != '\n') {
      at++;
    }
    if (at - start == 5
        && text[start + 2] == 'E'
        && text[start + 3] == 'O'
        && text[start + 4] == 'F') {
      eof = true;
    } else {
      String type = type(start + 1);
      if (!type.isEmpty()) {
        boundLabel = type.equals("histogram") ? "le" : type.equals("summary") ? "quantile" : "";
      }
    }
    at++;
  }

  /** The last word of a comment that says a type; {@code ""} of others. */
  private String type(int from) {
    int i = from;
    while (i < at && (text[i] == ' ' || text[i] == '\t')) {
      i++;
    }
    if (at - i < 6 || text[i] != 'T' || text[i + 1] != 'Y' || text[i + 2] != 'P') {
      return "";
    }
    int last = at;
    while (last > i
        && (text[last - 1] == ' ' || text[last - 1] == '\t' || text[last - 1] == '\r')) {
      last--;
    }
    int first = last;
    while (first > i && text[first - 1] != ' ' && text[first - 1] != '\t' && last - first < 20) {
      first--;
    }
    return new String(text, first, last - first, StandardCharsets.US_ASCII);
  }

  /** As Prometheus 3 writes bounds, in whatever way they were sent. */
  private static String bound(String value) {
    double bound;
    switch (value.toLowerCase(Locale.ROOT)) {
      case "nan" -> bound = Double.NaN;
      case "+inf", "inf", "+infinity", "infinity" -> bound = Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> bound = Double.NEGATIVE_INFINITY;
      default -> {
        for (int i = 0; i < value.length(); i++) {
          if ("0123456789.+-eE".indexOf(value.charAt(i)) < 0) {
            return value;
          }
        }
        try {
          bound = Double.parseDouble(value);
        } catch (NumberFormatException e) {
          return value;
        }
        if (Double.isInfinite(bound)) {
          return value;
        }
      }
    }
    return Floats.bound(bound);
  }

  @Override
  public boolean seriesIs(byte[] known) {
    int after = seriesStart + known.length;
    if (after < end
        && (text[after] == ' ' || text[after] == '\t')
        && java.util.Arrays.equals(text, seriesStart, after, known, 0, known.length)) {
      // Not the head of a longer name such as `a {b="c"}`: a brace after blanks belongs to the
      // series.
      int next = after;
      while (next < end && (text[next] == ' ' || text[next] == '\t')) {
        next++;
      }
      if (next < end && text[next] != '{') {
        seriesEnd = after;
        return true;
      }
    }
    return false;
  }

  @Override
  public void findSeriesEnd() {
    int i = seriesStart;
    while (i < end && text[i] != '{' && text[i] != ' ' && text[i] != '\t' && text[i] != '\n') {
      i++;
    }
    int nameEnd = i;
    while (i < end && (text[i] == ' ' || text[i] == '\t')) {
      i++;
    }
    if (i < end && text[i] == '{') {
      i++;
      boolean quoted = false;
      while (i < end && (quoted || text[i] != '}')) {
        if (text[i] == '\n' && !quoted) {
          break;
        }
        if (quoted && text[i] == '\\') {
          i++;
        } else if (text[i] == '"') {
          quoted = !quoted;
        }
        i++;
      }
      if (i >= end || text[i] != '}') {
        throw fault("labels without an end");
      }
      seriesEnd = i + 1;
    } else {
      seriesEnd = nameEnd;
    }
    if (seriesEnd >= end || text[seriesEnd] != ' ' && text[seriesEnd] != '\t') {
      throw fault("expected a space and a value after the series");
    }
  }

  @Override
  public byte[] seriesIn() {
    return text;
  }

  @Override
  public int seriesStart() {
    return seriesStart;
  }

  @Override
  public int seriesEnd() {
    return seriesEnd;
  }

  /** Reads value and time behind the series and moves on to the next line. */
  @Override
  public void readSample() {
    at = seriesEnd;
    skipBlanks();
    value = number();
    skipBlanks();
    timed = at < end && text[at] != '\n' && text[at] != '#' && text[at] != '\r';
    if (timed) {
      timeMillis = openMetrics ? (long) (number() * 1000) : whole();
      skipBlanks();
    }
    if (at < end && text[at] == '\r') {
      at++;
    }
    if (at < end && text[at] == '#' && openMetrics) {
      while (at < end && text[at] != '\n') {
        at++;
      }
    }
    if (at < end && text[at] != '\n') {
      throw fault("unexpected text after the value");
    }
    at++;
  }

  @Override
  public double value() {
    return value;
  }

  /** Text has none. */
  @Override
  public @Nullable Histogram histogram() {
    return null;
  }

  @Override
  public boolean timed() {
    return timed;
  }

  @Override
  public long timeMillis() {
    return timeMillis;
  }

  private long whole() {
    int start = at;
    while (at < end && (text[at] == '-' || text[at] >= '0' && text[at] <= '9')) {
      at++;
    }
    String number = new String(text, start, Math.min(at - start, 64), StandardCharsets.US_ASCII);
    try {
      return Long.parseLong(number);
    } catch (NumberFormatException e) {
      throw fault("\"" + number + "\" is not a time in whole milliseconds");
    }
  }

  /** A decimal without an object where mantissa and power are exact, else by the JDK. */
  private double number() {
    int start = at;
    boolean negative = at < end && text[at] == '-';
    if (negative || at < end && text[at] == '+') {
      at++;
    }
    long mantissa = 0;
    int digits = 0;
    int scale = 0;
    boolean point = false;
    while (at < end) {
      byte b = text[at];
      if (b >= '0' && b <= '9') {
        if (mantissa != 0 || b != '0') {
          digits++;
        }
        if (digits <= 18) {
          mantissa = mantissa * 10 + b - '0';
          scale -= point ? 1 : 0;
        }
      } else if (b == '.' && !point) {
        point = true;
      } else {
        break;
      }
      at++;
    }
    boolean plain =
        at >= end || text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r';
    if (plain && digits <= 15 && scale >= -22 && at > start + (negative ? 1 : 0)) {
      double result = scale == 0 ? mantissa : mantissa / POWERS[-scale];
      return negative ? -result : result;
    }
    while (at < end
        && text[at] != ' '
        && text[at] != '\n'
        && text[at] != '\t'
        && text[at] != '\r') {
      at++;
    }
    return slowNumber(new String(text, start, Math.min(at - start, 64), StandardCharsets.US_ASCII));
  }

  private double slowNumber(String number) {
    switch (number.toLowerCase(Locale.ROOT)) {
      case "nan":
        return Double.NaN;
      case "+inf", "inf", "+infinity", "infinity":
        return Double.POSITIVE_INFINITY;
      case "-inf", "-infinity":
        return Double.NEGATIVE_INFINITY;
      default:
        char last = number.isEmpty() ? ' ' : number.charAt(number.length() - 1);
        // The JDK would take a trailing d or f, and hexadecimal.
        boolean decimal =
            (last >= '0' && last <= '9' || last == '.')
                && number.indexOf('x') < 0
                && number.indexOf('X') < 0;
        try {
          double value = decimal ? Double.parseDouble(number) : Double.NaN;
          if (!Double.isNaN(value) && !Double.isInfinite(value)) {
            return value;
          }
        } catch (NumberFormatException e) {
          // said below
        }
        throw fault("\"" + number + "\" is not a number");
    }
  }

  private void skipBlanks() {
    while (at < end && (text[at] == ' ' || text[at] == '\t')) {
      at++;
    }
  }

  @Override
  public Labels labels() {
    emptyNames = List.of();
    Labels.Builder labels = new Labels.Builder();
    int i = seriesStart;
    while (i < seriesEnd && text[i] != '{' && text[i] != ' ' && text[i] != '\t') {
      i++;
    }
    if (i > seriesStart) {
      labels.set(Labels.NAME, string(seriesStart, i));
    }
    while (i < seriesEnd && text[i] != '{') {
      i++;
    }
    i++;
    while (true) {
      while (i < seriesEnd && (text[i] == ' ' || text[i] == ',' || text[i] == '\t')) {
        i++;
      }
      if (i >= seriesEnd || text[i] == '}') {
        break;
      }
      i = label(labels, i);
    }
    Labels built = labels.build();
    if (built.metricName().isEmpty()) {
      throw fault("a sample without a metric name");
    }
    return built;
  }

  @Override
  public List<String> emptyNames() {
    return emptyNames;
  }

  /** One {@code name="value"}, or a quoted metric name alone; gives the place behind it. */
  private int label(Labels.Builder labels, int from) {
    int i = from;
    String name;
    if (text[i] == '"') {
      int close = closingQuote(i);
      name = unescape(i + 1, close);
      i = close + 1;
      if (i < seriesEnd && text[i] != '=') {
        labels.set(Labels.NAME, name);
        return i;
      }
    } else {
      while (i < seriesEnd && text[i] != '=' && text[i] != ' ') {
        i++;
      }
      name = string(from, i);
    }
    while (i < seriesEnd && (text[i] == '=' || text[i] == ' ')) {
      i++;
    }
    if (i >= seriesEnd || text[i] != '"' || name.isEmpty()) {
      throw fault("expected name=\"value\" in the labels");
    }
    if (!labels.get(name).isEmpty()) {
      throw fault("label " + name + " is there twice");
    }
    int close = closingQuote(i);
    String value = unescape(i + 1, close);
    if (value.isEmpty()) {
      emptyNames = new ArrayList<>(emptyNames);
      emptyNames.add(name);
    }
    labels.set(name, name.equals(boundLabel) ? bound(value) : value);
    i = close + 1;
    if (i < seriesEnd && text[i] != ',' && text[i] != '}' && text[i] != ' ') {
      throw fault("expected a comma between labels");
    }
    return i;
  }

  private int closingQuote(int open) {
    int i = open + 1;
    while (i < seriesEnd && text[i] != '"') {
      i += text[i] == '\\' ? 2 : 1;
    }
    if (i >= seriesEnd) {
      throw fault("a quote without an end");
    }
    return i;
  }

  private String unescape(int from, int to) {
    String raw = string(from, to);
    if (raw.indexOf('\\') < 0) {
      return raw;
    }
    StringBuilder out = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '\\' && i + 1 < raw.length()) {
        char next = raw.charAt(++i);
        switch (next) {
          case 'n' -> out.append('\n');
          case '\\', '"' -> out.append(next);
          default -> out.append('\\').append(next);
        }
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private String string(int from, int to) {
    String string = new String(text, from, to - from, StandardCharsets.UTF_8);
    // What stands for bytes that are no UTF-8 may have been sent as well.
    if (string.indexOf('\uFFFD') >= 0
        && !java.util.Arrays.equals(
            string.getBytes(StandardCharsets.UTF_8),
            java.util.Arrays.copyOfRange(text, from, to))) {
      throw fault("text that is not UTF-8");
    }
    return string;
  }

  @Override
  public List<Metadata> metadata(List<Metadata> before) {
    Map<String, String[]> found = new LinkedHashMap<>();
    int i = 0;
    while (i < end) {
      int next = i;
      while (next < end && text[next] != '\n') {
        next++;
      }
      if (next - i > 8 && text[i] == '#' && text[i + 1] == ' ' && text[i + 6] == ' ') {
        comment(
            new String(text, i + 2, Math.min(next - i - 2, 5_000), StandardCharsets.UTF_8), found);
      }
      i = next + 1;
    }
    Map<Metadata, Metadata> known = new HashMap<>();
    before.forEach(each -> known.put(each, each));
    List<Metadata> all = new ArrayList<>(found.size());
    found.forEach(
        (metric, said) -> {
          Metadata one = new Metadata(metric, said[0], said[1], said[2]);
          all.add(known.getOrDefault(one, one));
        });
    return List.copyOf(all);
  }

  private static void comment(String comment, Map<String, String[]> found) {
    if (comment.length() < 5) {
      return; // fewer letters than bytes
    }
    int kind = List.of("TYPE ", "HELP ", "UNIT ").indexOf(comment.substring(0, 5));
    String rest = comment.substring(5).stripLeading();
    boolean quoted = rest.startsWith("\"");
    int nameEnd = quoted ? rest.indexOf('"', 1) + 1 : rest.indexOf(' ');
    String name = nameEnd < 0 ? rest.strip() : rest.substring(0, nameEnd);
    if (quoted && name.length() >= 2) {
      name = name.substring(1, name.length() - 1);
    }
    if (kind < 0 || name.isEmpty() || name.length() > LONGEST_TEXT) {
      return;
    }
    String said = nameEnd < 0 ? "" : rest.substring(nameEnd).strip();
    if (kind == 1) {
      said = said.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\");
    } else if (kind == 0 && said.equals("untyped")) {
      said = "unknown";
    }
    String[] all = found.get(name);
    if (all == null) {
      if (found.size() == MOST_METADATA) {
        return;
      }
      all = new String[] {"unknown", "", ""};
      found.put(name, all);
    }
    all[kind] =
        (kind == 0
                ? said.toLowerCase(Locale.ROOT)
                : said.substring(0, Math.min(LONGEST_TEXT, said.length())))
            .intern();
  }

  private ExpositionException fault(String what) {
    return new ExpositionException("line " + line + ": " + what);
  }
}
