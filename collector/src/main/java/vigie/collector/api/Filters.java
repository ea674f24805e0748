package vigie.collector.api;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.time.Durations;
import vigie.collector.dispatch.Matchers;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/** The parameters that our own API and Alertmanager's share. */
public final class Filters {
  private Filters() {}

  /**
   * The matchers of all {@code filter} parameters, such as {@code node="p1"}.
   *
   * @throws HttpFault with 400 if one cannot be read
   */
  public static List<LabelMatcher> matchers(HttpRequest request) {
    List<LabelMatcher> all = new ArrayList<>();
    for (String text : request.parameters("filter")) {
      try {
        all.addAll(Matchers.parse(text));
      } catch (IllegalArgumentException e) {
        throw new HttpFault(400, "filter " + text + ": " + e.getMessage());
      }
    }
    return all;
  }

  /** Whether all matchers hold. */
  public static boolean match(List<LabelMatcher> matchers, Labels labels) {
    for (LabelMatcher matcher : matchers) {
      if (!matcher.matches(labels)) {
        return false;
      }
    }
    return true;
  }

  /**
   * A moment: RFC 3339, or a duration back from now such as {@code 2h}.
   *
   * @throws HttpFault with 400 if it is neither
   */
  public static Instant time(HttpRequest request, String name, Instant now, Instant otherwise) {
    String text = request.parameter(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException notATime) {
      try {
        Duration back = Durations.parse(text);
        return now.minus(back);
      } catch (IllegalArgumentException notADuration) {
        throw new HttpFault(
            400, name + " \"" + text + "\" is no time; write 2h or 2026-11-21T12:00:00Z");
      }
    }
  }

  /**
   * A whole number in a range.
   *
   * @throws HttpFault with 400 otherwise
   */
  public static int integer(HttpRequest request, String name, int otherwise, int least, int most) {
    String text = request.parameter(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new HttpFault(
        400, name + " \"" + text + "\" is not a whole number from " + least + " to " + most);
  }
}
