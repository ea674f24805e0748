package vigie.collector.api.prometheus;

import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import vigie.base.http.HttpRequest;
import vigie.base.time.Durations;
import vigie.collector.api.prometheus.Answers.BadParameter;
import vigie.collector.label.LabelMatcher;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;

/** Reads the parameters of Prometheus's API. */
final class Parameters {
  /** What Prometheus's own clients send for the first and the last moment there is. */
  private static final String EARLIEST = "-292273086-05-16T16:47:06Z";

  private static final String LATEST = "292277025-08-18T07:12:54.999999999Z";

  /** Far beyond all samples, and far from overflowing when something is added. */
  static final long FOREVER = 9_000_000_000_000_000L;

  private Parameters() {}

  /** The query, parsed. */
  static Expr query(HttpRequest request) {
    return query(request, "query");
  }

  static Expr query(HttpRequest request, String name) {
    try {
      return Parser.parse(request.parameter(name));
    } catch (PromqlException e) {
      throw BadParameter.of(name, e.withCaret());
    }
  }

  /** Milliseconds since the epoch: seconds, or RFC 3339. */
  static long time(HttpRequest request, String name) {
    try {
      return time(request.parameter(name));
    } catch (BadParameter e) {
      throw BadParameter.of(name, e.getMessage());
    }
  }

  /** As {@link #time(HttpRequest, String)}, and something else where it is not given. */
  static long time(HttpRequest request, String name, long otherwise) {
    if (request.parameter(name).isEmpty()) {
      return otherwise;
    }
    try {
      return time(request.parameter(name));
    } catch (BadParameter e) {
      throw BadParameter.of(name, "invalid time value for '" + name + "': " + e.getMessage());
    }
  }

  private static long time(String text) {
    OptionalDouble seconds = number(text);
    if (seconds.isPresent() && Math.abs(seconds.getAsDouble()) <= FOREVER / 1000) {
      return Math.round(seconds.getAsDouble() * 1000);
    }
    if (text.equals(EARLIEST) || text.equals(LATEST)) {
      return text.equals(EARLIEST) ? -FOREVER : FOREVER;
    }
    try {
      return OffsetDateTime.parse(text).toInstant().toEpochMilli();
    } catch (DateTimeParseException | ArithmeticException e) {
      throw new BadParameter("cannot parse \"" + text + "\" to a valid timestamp");
    }
  }

  /** Seconds, or a duration such as {@code 5m}. */
  static Duration duration(HttpRequest request, String name) {
    try {
      return duration(request.parameter(name));
    } catch (BadParameter e) {
      throw BadParameter.of(name, e.getMessage());
    }
  }

  static Duration duration(String text) {
    String refused = "cannot parse \"" + text + "\" to a valid duration";
    OptionalDouble seconds = number(text);
    if (seconds.isPresent()) {
      if (Math.abs(seconds.getAsDouble()) > Long.MAX_VALUE / 1e9) {
        throw new BadParameter(refused + ". It overflows int64");
      }
      return Duration.ofNanos((long) (seconds.getAsDouble() * 1e9));
    }
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new BadParameter(refused);
    }
  }

  /** How much of an answer is wanted; more than there can be where nobody said. */
  static int limit(HttpRequest request) {
    String text = request.parameter("limit");
    if (text.isEmpty()) {
      return Integer.MAX_VALUE;
    }
    int limit;
    try {
      limit = Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw BadParameter.of("limit", "parsing \"" + text + "\": invalid syntax");
    }
    if (limit < 0) {
      throw BadParameter.of("limit", "limit must be non-negative");
    }
    return limit == 0 ? Integer.MAX_VALUE : limit;
  }

  /** The selectors of all {@code match[]}, any of which may select. */
  static List<List<LabelMatcher>> selectors(HttpRequest request) {
    List<List<LabelMatcher>> selectors = new ArrayList<>();
    for (String match : request.parameters("match[]")) {
      try {
        selectors.add(Parser.parseSelector(match));
      } catch (PromqlException e) {
        throw new BadParameter(
            String.valueOf(e.getMessage()).contains("at least one non-empty matcher")
                ? "match[] must contain at least one non-empty matcher"
                : e.withCaret());
      }
    }
    return selectors;
  }

  /** Java would also take blanks, {@code 1d} and {@code 0x1p3}. */
  private static OptionalDouble number(String text) {
    for (int i = 0; i < text.length(); i++) {
      if ("0123456789+-.eE".indexOf(text.charAt(i)) < 0) {
        return OptionalDouble.empty();
      }
    }
    try {
      return OptionalDouble.of(Double.parseDouble(text));
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }
}
