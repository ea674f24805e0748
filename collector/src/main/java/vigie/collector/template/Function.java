package vigie.collector.template;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Nearest;
import vigie.base.time.Durations;
import vigie.collector.label.Regex;

/**
 * A function of templates. All that there are stand in {@link #all}: those of Go's text/template
 * and of Prometheus's template reference that alerts use.
 */
final class Function {
  private static final int MANY = Integer.MAX_VALUE;
  private static final Map<String, Function> ALL = all();
  static final Function OR = named("or");
  private static final Function AND = named("and");

  private final String name;
  private final int least;
  private final int most;
  private final Body body;

  private interface Body {
    @Nullable Object call(List<? extends @Nullable Object> args, Expansion run);
  }

  private interface Plain {
    @Nullable Object call(List<? extends @Nullable Object> args);
  }

  private Function(String name, int least, int most, Body body) {
    this.name = name;
    this.least = least;
    this.most = most;
    this.body = body;
  }

  private static Map<String, Function> all() {
    Map<String, Function> all = new TreeMap<>();
    // Of Go. "and" and "or" are the expansion's own, since they may skip arguments.
    add(all, "and", 1, MANY, a -> null);
    add(all, "or", 1, MANY, a -> null);
    add(all, "not", 1, 1, a -> !Values.isTrue(a.get(0)));
    add(all, "eq", 2, MANY, Function::equalsAny);
    add(all, "ne", 2, 2, a -> !Values.equal(a.get(0), a.get(1)));
    add(all, "lt", 2, 2, a -> Values.less(a.get(0), a.get(1)));
    add(all, "le", 2, 2, a -> Values.less(a.get(0), a.get(1)) || Values.equal(a.get(0), a.get(1)));
    add(all, "gt", 2, 2, a -> Values.less(a.get(1), a.get(0)));
    add(all, "ge", 2, 2, a -> Values.less(a.get(1), a.get(0)) || Values.equal(a.get(0), a.get(1)));
    add(all, "len", 1, 1, a -> length(a.get(0)));
    add(all, "index", 1, MANY, Function::index);
    add(all, "print", 0, MANY, GoPrint::print);
    add(all, "println", 0, MANY, Function::println);
    add(all, "printf", 1, MANY, a -> GoPrint.printf(text(a), a.subList(1, a.size())));
    add(all, "slice", 1, 3, Function::slice);
    add(all, "html", 0, MANY, a -> Escapes.html(GoPrint.print(a)));
    add(all, "js", 0, MANY, a -> Escapes.js(GoPrint.print(a)));
    add(all, "urlquery", 0, MANY, a -> escaped(GoPrint.print(a)));
    // Of Prometheus: queries and what they answer.
    all.put("query", new Function("query", 1, 1, (a, run) -> List.copyOf(run.query(text(a)))));
    add(all, "first", 1, 1, Function::first);
    add(all, "value", 1, 1, a -> Values.sample(a.get(0)).value());
    add(all, "strvalue", 1, 1, a -> Values.sample(a.get(0)).labels().get("__value__"));
    add(all, "label", 2, 2, a -> Values.sample(a.get(1)).labels().get(text(a)));
    add(all, "sortByLabel", 2, 2, Function::sortByLabel);
    add(all, "args", 0, MANY, Function::args);
    // Numbers for people.
    add(all, "humanize", 1, 1, a -> Humanize.number(Values.number(a.get(0))));
    add(all, "humanize1024", 1, 1, a -> Humanize.number1024(Values.number(a.get(0))));
    add(all, "humanizeDuration", 1, 1, a -> Humanize.duration(Values.number(a.get(0))));
    add(all, "humanizePercentage", 1, 1, a -> Humanize.percentage(Values.number(a.get(0))));
    add(all, "humanizeTimestamp", 1, 1, a -> Humanize.timestamp(Values.number(a.get(0))));
    add(all, "toTime", 1, 1, a -> Humanize.instant(Values.number(a.get(0))));
    add(all, "parseDuration", 1, 1, a -> Durations.parse(text(a)).toMillis() / 1000.0);
    // Text.
    onText(all, "title", Function::title);
    onText(all, "toUpper", s -> mapped(s, Character::toUpperCase));
    onText(all, "toLower", s -> mapped(s, Character::toLowerCase));
    onText(all, "safeHtml", s -> s);
    onText(all, "stripPort", Function::stripPort);
    onText(all, "stripDomain", Function::stripDomain);
    onText(all, "graphLink", s -> "/graph?g0.expr=" + escaped(s) + "&g0.tab=0");
    onText(all, "tableLink", s -> "/graph?g0.expr=" + escaped(s) + "&g0.tab=1");
    add(all, "match", 2, 2, a -> Regex.of(text(a)).findsIn(Values.string(a.get(1))));
    add(
        all,
        "reReplaceAll",
        3,
        3,
        a -> Regex.of(text(a)).replaceAll(Values.string(a.get(2)), Values.string(a.get(1))));
    all.put("externalURL", new Function("externalURL", 0, 0, (a, run) -> run.externalUrl()));
    all.put(
        "pathPrefix",
        new Function("pathPrefix", 0, 0, (a, run) -> URI.create(run.externalUrl()).getPath()));
    return all;
  }

  private static void add(
      Map<String, Function> all, String name, int least, int most, Plain plain) {
    all.put(name, new Function(name, least, most, (args, run) -> plain.call(args)));
  }

  private static void onText(Map<String, Function> all, String name, UnaryOperator<String> of) {
    add(all, name, 1, 1, a -> of.apply(text(a)));
  }

  private static Function named(String name) {
    Function function = ALL.get(name);
    if (function == null) {
      throw new IllegalStateException("BUG: no function " + name);
    }
    return function;
  }

  static @Nullable Function of(String name) {
    return ALL.get(name);
  }

  static String unknown(String name) {
    String nearest = Nearest.of(name, ALL.keySet());
    return "function \""
        + name
        + "\" is not known"
        + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?");
  }

  boolean isLazy() {
    return this == AND || this == OR;
  }

  /** Whether it takes so many arguments; else what is wrong, as {@code fault} makes it. */
  void check(int given, java.util.function.Function<String, TemplateException> fault) {
    if (given >= least && given <= most) {
      return;
    }
    String wanted =
        least == most ? "" + least : most == MANY ? "at least " + least : least + " to " + most;
    throw fault.apply(
        name
            + " takes "
            + wanted
            + (wanted.equals("1") ? " argument" : " arguments")
            + ", not "
            + given);
  }

  @Nullable Object call(List<? extends @Nullable Object> args, Expansion run) {
    return body.call(args, run);
  }

  private static String text(List<? extends @Nullable Object> args) {
    return Values.string(args.get(0));
  }

  private static boolean equalsAny(List<? extends @Nullable Object> args) {
    for (Object other : args.subList(1, args.size())) {
      if (Values.equal(args.get(0), other)) {
        return true;
      }
    }
    return false;
  }

  private static Object length(@Nullable Object of) {
    if (of instanceof String s) {
      return (long) s.getBytes(StandardCharsets.UTF_8).length;
    }
    if (of instanceof Long || of instanceof Query.Sample) {
      throw new IllegalArgumentException("len of type " + Values.type(of));
    }
    return (long) Values.entries(of).size();
  }

  /** Part of a text, counted in bytes. */
  private static String slice(List<? extends @Nullable Object> args) {
    byte[] bytes = text(args).getBytes(StandardCharsets.UTF_8);
    long from = args.size() > 1 ? place(args.get(1), bytes.length) : 0;
    long to = args.size() > 2 ? place(args.get(2), bytes.length) : bytes.length;
    if (from > to) {
      throw new IllegalArgumentException("slice ends at " + to + ", before it begins at " + from);
    }
    return new String(bytes, (int) from, (int) (to - from), StandardCharsets.UTF_8);
  }

  private static long place(@Nullable Object index, int length) {
    if (index instanceof Long at && at >= 0 && at <= length) {
      return at;
    }
    throw new IllegalArgumentException("index out of range: " + GoPrint.value(index));
  }

  private static @Nullable Object index(List<? extends @Nullable Object> args) {
    Object value = args.get(0);
    for (Object key : args.subList(1, args.size())) {
      value = Values.element(value, key);
    }
    return value;
  }

  private static String println(List<? extends @Nullable Object> args) {
    List<String> words = new ArrayList<>();
    for (Object arg : args) {
      words.add(GoPrint.value(arg));
    }
    return String.join(" ", words) + "\n";
  }

  private static @Nullable Object first(List<? extends @Nullable Object> args) {
    List<?> vector = Values.list(args.get(0));
    if (vector.isEmpty()) {
      throw new IllegalArgumentException("first() called on vector with no elements");
    }
    return vector.get(0);
  }

  private static Object sortByLabel(List<? extends @Nullable Object> args) {
    List<Query.Sample> samples = new ArrayList<>();
    for (Object element : Values.list(args.get(1))) {
      samples.add(Values.sample(element));
    }
    String label = text(args);
    samples.sort(Comparator.comparing(sample -> sample.labels().get(label)));
    return samples;
  }

  private static Object args(List<? extends @Nullable Object> args) {
    Map<String, @Nullable Object> named = new TreeMap<>();
    for (Object arg : args) {
      named.put("arg" + named.size(), arg);
    }
    return named;
  }

  /** Letter by letter: one stays one. */
  private static String mapped(String text, IntUnaryOperator letter) {
    StringBuilder out = new StringBuilder();
    text.codePoints().map(letter).forEach(out::appendCodePoint);
    return out.toString();
  }

  /**
   * The first letter of each word in upper case, the others as they are. Words end where Unicode
   * (UAX 29) ends them: not at a point or an apostrophe between letters.
   */
  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean within = false;
    boolean titled = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(titled ? c : Character.toTitleCase(c));
      within = Character.isLetterOrDigit(c) || c == '_' || (within && joins(text, i));
      titled = within && (titled || Character.isLetter(c));
    }
    return out.toString();
  }

  private static boolean joins(String text, int i) {
    if (i + 1 == text.length()) {
      return false;
    }
    char before = text.charAt(i - 1);
    char after = text.charAt(i + 1);
    boolean letters = Character.isLetter(before) && Character.isLetter(after);
    boolean digits = Character.isDigit(before) && Character.isDigit(after);
    return (letters && ".':\u2019\u00b7".indexOf(text.charAt(i)) >= 0)
        || (digits && ".',;\u2019".indexOf(text.charAt(i)) >= 0);
  }

  /** A host without its port; text that is no {@code host:port} as it is. */
  private static String stripPort(String hostPort) {
    int colon = portColon(hostPort);
    if (colon < 0) {
      return hostPort;
    }
    String host = hostPort.substring(0, colon);
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** The first part of a host name, with the port if there is one; addresses as they are. */
  private static String stripDomain(String hostPort) {
    int colon = portColon(hostPort);
    String host = colon < 0 ? hostPort : hostPort.substring(0, colon);
    boolean address = host.indexOf(':') >= 0 || host.chars().noneMatch(Character::isLetter);
    int dot = host.indexOf('.');
    return address || dot < 0
        ? hostPort
        : host.substring(0, dot) + (colon < 0 ? "" : hostPort.substring(colon));
  }

  private static int portColon(String hostPort) {
    int colon = hostPort.lastIndexOf(':');
    boolean bracketed = hostPort.startsWith("[") && colon == hostPort.indexOf(']') + 1;
    return bracketed || colon == hostPort.indexOf(':') ? colon : -1;
  }

  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("*", "%2A").replace("%7E", "~");
  }
}
