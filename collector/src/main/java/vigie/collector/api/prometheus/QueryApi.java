package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.collector.api.Json;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Numbers;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;
import vigie.collector.promql.QueryResult;
import vigie.collector.sample.SampleStore;

/** Queries, series and labels of Prometheus's HTTP API; GET and form POST alike. */
public final class QueryApi {
  private static final int MOST_POINTS = 11_000;

  private final SampleStore store;
  private final Engine engine;
  private final Clock clock;

  public QueryApi(SampleStore store, Engine engine, Clock clock) {
    this.store = store;
    this.engine = engine;
    this.clock = clock;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    both(routes, "/api/v1/query", this::query);
    both(routes, "/api/v1/query_range", this::queryRange);
    both(routes, "/api/v1/series", this::series);
    both(routes, "/api/v1/labels", this::labelNames);
    routes.get("/api/v1/label/{name}/values", answering(this::labelValues));
    both(routes, "/api/v1/format_query", this::formatQuery);
  }

  private static void both(Routes routes, String path, HttpHandler handler) {
    routes.get(path, answering(handler));
    routes.post(path, answering(handler));
  }

  /** Turns faults into Prometheus's error answers. */
  private static HttpHandler answering(HttpHandler handler) {
    return request -> {
      try {
        return handler.handle(request);
      } catch (PromqlException e) {
        return switch (e.kind()) {
          case PARSE, NOT_SUPPORTED -> error(400, "bad_data", String.valueOf(e.getMessage()));
          case TIMEOUT -> error(503, "timeout", String.valueOf(e.getMessage()));
          default -> error(422, "execution", String.valueOf(e.getMessage()));
        };
      } catch (BadParameter e) {
        return error(400, "bad_data", String.valueOf(e.getMessage()));
      }
    };
  }

  static HttpAnswer error(int status, String type, String message) {
    return Json.answer(
        status,
        json -> {
          json.writeStartObject();
          json.writeStringField("status", "error");
          json.writeStringField("errorType", type);
          json.writeStringField("error", message);
          json.writeEndObject();
        });
  }

  /** {@code {"status":"success","data":…}}. */
  static HttpAnswer success(Json.Writer data) {
    return success(data, List.of(), List.of());
  }

  private static HttpAnswer success(Json.Writer data, List<String> warnings, List<String> infos) {
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeStringField("status", "success");
          json.writeFieldName("data");
          data.write(json);
          strings(json, "warnings", warnings);
          strings(json, "infos", infos);
          json.writeEndObject();
        });
  }

  private static void strings(JsonGenerator json, String field, List<String> texts)
      throws IOException {
    if (!texts.isEmpty()) {
      json.writeArrayFieldStart(field);
      for (String text : texts) {
        json.writeString(text);
      }
      json.writeEndArray();
    }
  }

  private HttpAnswer query(HttpRequest request) {
    long time = time(request, "time", clock.millis());
    Expr expr = Parser.parse(required(request, "query"));
    return result(engine.instant(expr, time));
  }

  private HttpAnswer queryRange(HttpRequest request) {
    Expr expr = Parser.parse(required(request, "query"));
    required(request, "start");
    required(request, "end");
    long start = time(request, "start", 0);
    long end = time(request, "end", 0);
    long step = stepMillis(required(request, "step"));
    if (end < start) {
      throw new BadParameter(
          "invalid parameter \"end\": end timestamp must not be before start time");
    }
    if (step <= 0) {
      throw new BadParameter(
          "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive"
              + " integer");
    }
    if ((end - start) / step > MOST_POINTS) {
      throw new BadParameter(
          "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution"
              + " (?step=XX)");
    }
    return result(engine.range(expr, start, end, step));
  }

  private static HttpAnswer result(QueryResult result) {
    return success(json -> value(json, result.value()), result.warnings(), result.infos());
  }

  private static void value(JsonGenerator json, QueryResult.Value value) throws IOException {
    json.writeStartObject();
    json.writeStringField("resultType", typeName(value));
    json.writeFieldName("result");
    if (value instanceof QueryResult.Vector vector) {
      json.writeStartArray();
      for (QueryResult.Sample sample : vector.samples()) {
        json.writeStartObject();
        json.writeFieldName("metric");
        Json.labels(json, sample.labels());
        Histogram histogram = sample.histogram();
        json.writeFieldName(histogram == null ? "value" : "histogram");
        if (histogram == null) {
          point(json, sample.timeMillis(), sample.value());
        } else {
          point(json, sample.timeMillis(), histogram);
        }
        json.writeEndObject();
      }
      json.writeEndArray();
    } else if (value instanceof QueryResult.Matrix matrix) {
      json.writeStartArray();
      for (QueryResult.Row row : matrix.rows()) {
        json.writeStartObject();
        json.writeFieldName("metric");
        Json.labels(json, row.labels());
        points(json, row);
        json.writeEndObject();
      }
      json.writeEndArray();
    } else if (value instanceof QueryResult.Scalar scalar) {
      point(json, scalar.timeMillis(), scalar.value());
    } else if (value instanceof QueryResult.Text text) {
      json.writeStartArray();
      Json.seconds(json, text.timeMillis());
      json.writeString(text.text());
      json.writeEndArray();
    } else {
      throw new AssertionError("BUG: a value of no known type: " + value);
    }
    json.writeEndObject();
  }

  /** The numbers and the histograms of a row, each if there are any. */
  private static void points(JsonGenerator json, QueryResult.Row row) throws IOException {
    int numbers = 0;
    for (int i = 0; i < row.timesMillis().length; i++) {
      if (row.histogram(i) == null) {
        if (numbers++ == 0) {
          json.writeArrayFieldStart("values");
        }
        point(json, row.timesMillis()[i], row.values()[i]);
      }
    }
    if (numbers > 0) {
      json.writeEndArray();
    }
    if (numbers == row.timesMillis().length) {
      return;
    }
    json.writeArrayFieldStart("histograms");
    for (int i = 0; i < row.timesMillis().length; i++) {
      Histogram histogram = row.histogram(i);
      if (histogram != null) {
        point(json, row.timesMillis()[i], histogram);
      }
    }
    json.writeEndArray();
  }

  private static String typeName(QueryResult.Value value) {
    return switch (value.type()) {
      case VECTOR -> "vector";
      case MATRIX -> "matrix";
      case SCALAR -> "scalar";
      case STRING -> "string";
    };
  }

  private static void point(JsonGenerator json, long millis, double value) throws IOException {
    json.writeStartArray();
    Json.seconds(json, millis);
    json.writeString(Numbers.json(value));
    json.writeEndArray();
  }

  /**
   * Count, sum, and the populated buckets as {@code [rule, lower, upper, count]}, where the rule is
   * 0 for a bucket open on the left, 1 on the right, 2 on both sides, 3 on none.
   */
  private static void point(JsonGenerator json, long millis, Histogram histogram)
      throws IOException {
    json.writeStartArray();
    Json.seconds(json, millis);
    json.writeStartObject();
    json.writeStringField("count", Numbers.json(histogram.count()));
    json.writeStringField("sum", Numbers.json(histogram.sum()));
    boolean any = false;
    for (Histogram.Bucket bucket : histogram.buckets()) {
      if (bucket.count() == 0) {
        continue;
      }
      if (!any) {
        json.writeArrayFieldStart("buckets");
        any = true;
      }
      json.writeStartArray();
      json.writeNumber(bucket.openLeft() ? bucket.openRight() ? 2 : 0 : bucket.openRight() ? 1 : 3);
      json.writeString(Numbers.json(bucket.lower()));
      json.writeString(Numbers.json(bucket.upper()));
      json.writeString(Numbers.json(bucket.count()));
      json.writeEndArray();
    }
    if (any) {
      json.writeEndArray();
    }
    json.writeEndObject();
    json.writeEndArray();
  }

  private HttpAnswer series(HttpRequest request) {
    if (request.parameters("match[]").isEmpty()) {
      throw new BadParameter("no match[] parameter provided");
    }
    List<Labels> found = new ArrayList<>(matching(request, store::labelSets));
    return success(
        json -> {
          json.writeStartArray();
          for (Labels labels : found) {
            Json.labels(json, labels);
          }
          json.writeEndArray();
        });
  }

  private HttpAnswer labelNames(HttpRequest request) {
    return texts(matching(request, store::labelNames));
  }

  private HttpAnswer labelValues(HttpRequest request) {
    String name = request.variable("name");
    return texts(
        matching(request, (start, end, matchers) -> store.labelValues(name, start, end, matchers)));
  }

  private static HttpAnswer texts(Set<String> texts) {
    return success(json -> Json.texts(json, texts));
  }

  /** What the store knows of series that match, from one time to the other. */
  private interface Lookup<T> {
    SortedSet<T> find(long start, long end, List<LabelMatcher> matchers);
  }

  /** Of the series that any {@code match[]} selects; of all where there is none. */
  private <T> Set<T> matching(HttpRequest request, Lookup<T> lookup) {
    long now = clock.millis();
    long start = time(request, "start", now - Duration.ofHours(1).toMillis());
    long end = time(request, "end", now);
    List<List<LabelMatcher>> selectors = new ArrayList<>();
    for (String match : request.parameters("match[]")) {
      if (!(Parser.parse(match) instanceof Expr.VectorSelector selector)) {
        throw new BadParameter(
            "invalid parameter \"match[]\": expected a series selector, got " + match);
      }
      selectors.add(selector.matchers());
    }
    if (selectors.isEmpty()) {
      selectors.add(List.of());
    }
    Set<T> found = new TreeSet<>();
    for (List<LabelMatcher> matchers : selectors) {
      found.addAll(lookup.find(start, end, matchers));
    }
    return found;
  }

  private HttpAnswer formatQuery(HttpRequest request) {
    String formatted = Parser.parse(required(request, "query")).toString();
    return success(json -> json.writeString(formatted));
  }

  private static String required(HttpRequest request, String name) {
    String value = request.parameter(name);
    if (value.isEmpty()) {
      throw new BadParameter("invalid parameter \"" + name + "\": it is missing or empty");
    }
    return value;
  }

  /** Seconds since the epoch, or RFC 3339. */
  private static long time(HttpRequest request, String name, long otherwise) {
    String text = request.parameter(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      double seconds = Double.parseDouble(text);
      if (Math.abs(seconds) < 9e12) {
        return Math.round(seconds * 1000);
      }
    } catch (NumberFormatException e) {
      try {
        Instant time = OffsetDateTime.parse(text).toInstant();
        return time.toEpochMilli();
      } catch (DateTimeParseException | ArithmeticException notRfc3339) {
        // said below
      }
    }
    throw new BadParameter(
        "invalid parameter \"" + name + "\": cannot parse \"" + text + "\" to a valid timestamp");
  }

  private static long stepMillis(String text) {
    try {
      double seconds = Double.parseDouble(text);
      if (Math.abs(seconds) < 9e12) {
        return Math.round(seconds * 1000);
      }
    } catch (NumberFormatException e) {
      try {
        return Durations.parse(text).toMillis();
      } catch (IllegalArgumentException notADuration) {
        // said below
      }
    }
    throw new BadParameter(
        "invalid parameter \"step\": cannot parse \"" + text + "\" to a valid duration");
  }

  /** A parameter that makes no sense; answered with 400. */
  private static final class BadParameter extends RuntimeException {
    private static final long serialVersionUID = 1;

    BadParameter(String message) {
      super(message, null, false, false);
    }
  }
}
