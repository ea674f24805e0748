package vigie.collector.dispatch;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import vigie.base.config.Nearest;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * Times that return: a moment is within where every list that is not empty has a range that it
 * fits. Source: the {@code time_interval} section of Alertmanager's configuration reference.
 *
 * @param times minutes of the day, the end left out, 0 to 1440
 * @param weekdays 0 is Sunday
 * @param daysOfMonth from 1; negative ones count from the month's end, -1 is its last day
 * @param months 1 to 12
 * @param zone that all of this is told in
 */
public record TimeInterval(
    List<Range> times,
    List<Range> weekdays,
    List<Range> daysOfMonth,
    List<Range> months,
    List<Range> years,
    ZoneId zone) {
  private static final List<String> WEEKDAYS =
      List.of("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday");
  private static final List<String> MONTHS =
      List.of(
          "january",
          "february",
          "march",
          "april",
          "may",
          "june",
          "july",
          "august",
          "september",
          "october",
          "november",
          "december");
  private static final int SHORTEST_MONTH = 28;

  /** Both ends included, but for {@link #times}. */
  public record Range(int begin, int end) {
    boolean has(int number) {
      return begin <= number && number <= end;
    }
  }

  public TimeInterval {
    times = List.copyOf(times);
    weekdays = List.copyOf(weekdays);
    daysOfMonth = List.copyOf(daysOfMonth);
    months = List.copyOf(months);
    years = List.copyOf(years);
  }

  /** Whether the moment is within. */
  public boolean contains(Instant moment) {
    ZonedDateTime at = moment.atZone(zone);
    int minute = at.getHour() * 60 + at.getMinute();
    int length = YearMonth.from(at).lengthOfMonth();
    return (times.isEmpty() || times.stream().anyMatch(r -> r.has(minute) && minute < r.end))
        && fits(weekdays, at.getDayOfWeek().getValue() % 7)
        && (daysOfMonth.isEmpty()
            || daysOfMonth.stream().anyMatch(r -> day(r, length).has(at.getDayOfMonth())))
        && fits(months, at.getMonthValue())
        && fits(years, at.getYear());
  }

  private static boolean fits(List<Range> ranges, int number) {
    return ranges.isEmpty() || ranges.stream().anyMatch(range -> range.has(number));
  }

  private static Range day(Range range, int length) {
    return new Range(
        range.begin < 0 ? length + range.begin + 1 : range.begin,
        range.end < 0 ? length + range.end + 1 : range.end);
  }

  /**
   * Reads {@code time_intervals} and the older {@code mute_time_intervals}: names, each with one or
   * more intervals.
   */
  static Map<String, List<TimeInterval>> readAll(Section top) {
    Map<String, List<TimeInterval>> all = new TreeMap<>();
    for (String key : List.of("mute_time_intervals", "time_intervals")) {
      for (Section named : top.sections(key)) {
        String name = named.requiredString("name");
        List<TimeInterval> intervals =
            named.sections("time_intervals").stream().map(TimeInterval::read).toList();
        if (all.put(name, intervals) != null) {
          named.fault("name", "time interval \"" + name + "\" is there twice");
        }
        named.end();
      }
    }
    return all;
  }

  private static TimeInterval read(Section section) {
    List<Range> times = new ArrayList<>();
    for (Section time : section.sections("times")) {
      int begin = minute(time, "start_time");
      int end = minute(time, "end_time");
      if (begin >= 0 && end >= 0 && begin >= end) {
        time.fault(
            "end_time",
            "end_time must be later than start_time; a night is two: 22:00 to 24:00, 00:00 to 06:00");
      }
      times.add(new Range(begin, end));
      time.end();
    }
    TimeInterval interval =
        new TimeInterval(
            times,
            ranges(section, "weekdays", WEEKDAYS, 0, 0, 6),
            ranges(section, "days_of_month", List.of(), 0, -31, 31),
            ranges(section, "months", MONTHS, 1, 1, 12),
            ranges(section, "years", List.of(), 0, 1, 9999),
            zone(section));
    section.end();
    return interval;
  }

  /** Minutes since midnight of {@code HH:MM}; -1 with a fault otherwise. */
  private static int minute(Section time, String key) {
    String text = time.requiredString(key);
    if (text.equals("24:00")) {
      return 24 * 60;
    }
    if (text.length() == 5 && text.charAt(2) == ':') {
      int hour = number(text.substring(0, 2));
      int minute = number(text.substring(3));
      if (hour >= 0 && hour < 24 && minute >= 0 && minute < 60) {
        return hour * 60 + minute;
      }
    }
    if (!text.isEmpty()) {
      time.fault(
          key, key + " \"" + text + "\" is no time of day; write 08:00, or 24:00 at the end");
    }
    return -1;
  }

  private static int number(String text) {
    return text.chars().allMatch(c -> c >= '0' && c <= '9') && text.length() < 6
        ? Integer.parseInt(text)
        : -1;
  }

  private static List<Range> ranges(
      Section section, String key, List<String> words, int first, int least, int most) {
    List<Range> ranges = new ArrayList<>();
    Value list = section.value(key);
    if (list == null) {
      return ranges;
    }
    for (Value value : list.isList() ? list.list() : List.of(list)) {
      String text = value.string();
      if (text == null) {
        continue;
      }
      String lower = text.toLowerCase(Locale.ROOT);
      int colon = lower.indexOf(':');
      String from = colon < 0 ? lower : lower.substring(0, colon);
      String to = colon < 0 ? lower : lower.substring(colon + 1);
      try {
        Range range =
            new Range(
                member(from, words, first, least, most), member(to, words, first, least, most));
        if (order(range.begin) > order(range.end) || (range.begin < 0 && range.end > 0)) {
          throw new IllegalArgumentException("\"" + text + "\" ends before it begins");
        }
        ranges.add(range);
      } catch (IllegalArgumentException e) {
        value.fault(key + ": " + e.getMessage());
      }
    }
    return ranges;
  }

  /** A day from the end as it would be in the shortest month: what is wrong there always is. */
  private static int order(int number) {
    return number < 0 ? SHORTEST_MONTH + number : number;
  }

  private static int member(String text, List<String> words, int first, int least, int most) {
    int word = words.indexOf(text);
    if (word >= 0) {
      return word + first;
    }
    boolean negative = text.startsWith("-");
    int digits = number(negative ? text.substring(1) : text);
    int number = negative ? -digits : digits;
    boolean numbers = words.isEmpty() || first == 1;
    if (text.isEmpty()
        || !numbers
        || digits < 0
        || number < least
        || number > most
        || number == 0) {
      String nearest = words.isEmpty() ? null : Nearest.of(text, words);
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not "
              + (words.isEmpty() ? "from " + least + " to " + most : "among " + words)
              + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?"));
    }
    return number;
  }

  private static ZoneId zone(Section section) {
    String name = section.string("location", "UTC");
    if (name.equals("Local")) {
      return ZoneId.systemDefault();
    }
    try {
      return name.equals("UTC") ? ZoneOffset.UTC : ZoneId.of(name);
    } catch (DateTimeException e) {
      String nearest = Nearest.of(name, ZoneId.getAvailableZoneIds());
      section.fault(
          "location",
          "location \""
              + name
              + "\" is no time zone; write one such as Europe/Paris"
              + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?"));
      return ZoneOffset.UTC;
    }
  }
}
