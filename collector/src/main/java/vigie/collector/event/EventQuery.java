package vigie.collector.event;

import java.time.Instant;
import java.util.List;
import vigie.collector.label.LabelMatcher;

/**
 * What to search for; all conditions hold together.
 *
 * @param since the earliest event time, included
 * @param until the latest event time, excluded
 * @param matchers on {@code node}, {@code type}, {@code severity} and {@code facility} (their
 *     names, such as {@code err} and {@code daemon}), {@code app} and the event's fields
 * @param text what the text must say
 * @param lines further conditions on the text
 * @param limit most events returned, 1 to 10,000; fewer come where they would take much memory, and
 *     {@code before} gets the rest
 * @param before return only events older than the one with this id ({@code ""} from the newest):
 *     the next page
 * @param after return only events newer than the one with this id ({@code ""} for all)
 */
public record EventQuery(
    Instant since,
    Instant until,
    List<LabelMatcher> matchers,
    TextQuery text,
    List<LineFilter> lines,
    int limit,
    String before,
    String after) {
  public static final int MOST = 10_000;

  /** The names of severities 0 to 7, as syslog has them. */
  public static final List<String> SEVERITIES =
      List.of("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug");

  /** The names of facilities 0 to 23, as syslog.conf has them where it names them. */
  public static final List<String> FACILITIES =
      List.of(
          "kern",
          "user",
          "mail",
          "daemon",
          "auth",
          "syslog",
          "lpr",
          "news",
          "uucp",
          "cron",
          "authpriv",
          "ftp",
          "ntp",
          "audit",
          "alert",
          "clock",
          "local0",
          "local1",
          "local2",
          "local3",
          "local4",
          "local5",
          "local6",
          "local7");

  public EventQuery {
    matchers = List.copyOf(matchers);
    lines = List.copyOf(lines);
    if (limit < 1 || limit > MOST) {
      throw new IllegalArgumentException("limit " + limit + " is not within 1 to " + MOST);
    }
  }

  /**
   * A search in words.
   *
   * @throws IllegalArgumentException if {@code text} is wrong, see {@link TextQuery#parse}
   */
  public EventQuery(
      Instant since,
      Instant until,
      List<LabelMatcher> matchers,
      String text,
      int limit,
      String before) {
    this(since, until, matchers, TextQuery.parse(text), List.of(), limit, before, "");
  }

  /** The newest events without a condition. */
  public static EventQuery newest(int limit) {
    return new EventQuery(Instant.MIN, Instant.MAX, List.of(), "", limit, "");
  }

  /** The next page of the same search. */
  public EventQuery before(String id) {
    return new EventQuery(since, until, matchers, text, lines, limit, id, after);
  }

  /** The same search over what is newer. */
  public EventQuery after(String id) {
    return new EventQuery(since, until, matchers, text, lines, limit, before, id);
  }

  public EventQuery withLimit(int most) {
    return new EventQuery(since, until, matchers, text, lines, most, before, after);
  }

  /** A matcher of this severity and all that are worse; the name must be a severity's. */
  public static LabelMatcher atLeast(String severity) {
    int index = SEVERITIES.indexOf(severity);
    if (index < 0) {
      throw new IllegalArgumentException(
          "\"" + severity + "\" is no severity; there are " + String.join(", ", SEVERITIES));
    }
    return new LabelMatcher(
        LabelMatcher.Op.REGEX, "severity", String.join("|", SEVERITIES.subList(0, index + 1)));
  }

  /** Whether the event meets all conditions but {@code limit}, {@code before}, {@code after}. */
  public boolean matches(Event event) {
    if (event.time().isBefore(since) || !event.time().isBefore(until)) {
      return false;
    }
    for (LabelMatcher matcher : matchers) {
      if (!matcher.matches(value(event, matcher.name()))) {
        return false;
      }
    }
    return matchesText(event.text());
  }

  /** Whether an event's text meets the conditions on it. */
  public boolean matchesText(String said) {
    for (LineFilter line : lines) {
      if (!line.matches(said)) {
        return false;
      }
    }
    return text.matches(said);
  }

  /** Whether there are conditions on the text. */
  public boolean asksForText() {
    return !lines.isEmpty() || !text.terms().isEmpty();
  }

  /** What a matcher of this name looks at. */
  public static String value(Event event, String name) {
    return switch (name) {
      case "node" -> event.node();
      case "type" -> event.type();
      case "app" -> event.app();
      case "severity" -> SEVERITIES.get(event.severity());
      case "facility" -> FACILITIES.get(event.facility());
      default -> event.field(name);
    };
  }
}
