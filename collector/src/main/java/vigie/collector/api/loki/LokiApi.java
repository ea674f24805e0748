package vigie.collector.api.loki;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.collector.api.Json;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.EventStream;
import vigie.collector.event.TextQuery;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.Numbers;

/**
 * {@code /loki/api/v1/…} as Grafana's Loki data source asks for it: {@code query_range}, {@code
 * query}, {@code labels}, {@code label/NAME/values}, {@code series}, {@code index/stats}. Events
 * are lines, see {@link EventLabels}; their fields are structured metadata. Errors are plain text.
 */
public final class LokiApi {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final int MOST_LINES = 5_000;
  private static final int MOST_STEPS = 11_000;
  private static final int MOST_SERIES = 500;

  /** What Grafana and logcli ask for besides, and do without. */
  private static final List<String> ABSENT =
      List.of(
          "tail",
          "format_query",
          "patterns",
          "detected_labels",
          "detected_fields",
          "detected_field/{name}/values",
          "index/volume",
          "index/volume_range",
          "index/shards",
          "drilldown-limits",
          "rules");

  /** A node's clock may be so much ahead without its lines being missed in the order of time. */
  private static final Duration AHEAD = Duration.ofSeconds(10);

  private final EventStore store;
  private final Clock clock;
  private final Executor searching;
  private final String version;

  /**
   * @param searching a few threads, which queries hold for up to half a minute; where it rejects,
   *     the answer is 503
   */
  public LokiApi(EventStore store, Clock clock, Executor searching, String version) {
    this.store = store;
    this.clock = clock;
    this.searching = searching;
    this.version = version;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    both(routes, "/loki/api/v1/query_range", this::queryRange);
    both(routes, "/loki/api/v1/query", this::query);
    both(routes, "/loki/api/v1/labels", this::labels);
    both(routes, "/loki/api/v1/label/{name}/values", this::values);
    both(routes, "/loki/api/v1/series", this::series);
    both(routes, "/loki/api/v1/index/stats", this::stats);
    routes.get(
        "/loki/api/v1/status/buildinfo",
        request ->
            Json.answer(
                200,
                json -> {
                  json.writeStartObject();
                  json.writeStringField("version", version);
                  json.writeStringField("branch", "vigie");
                  json.writeEndObject();
                }));
    routes.get("/ready", request -> HttpAnswer.text(200, "ready\n"));
    for (String absent : ABSENT) {
      routes.get("/loki/api/v1/" + absent, LokiApi::absent);
    }
  }

  private static HttpAnswer absent(HttpRequest request) {
    return HttpAnswer.text(
        404,
        "404 page not found: "
            + request.path()
            + " is not a part of Loki's API that Vigie answers, see docs/events.md\n");
  }

  private void both(Routes routes, String path, HttpHandler handler) {
    HttpHandler.Later later = request -> later(handler, request);
    routes.getLater(path, later);
    routes.askLater(path, later);
  }

  private CompletableFuture<HttpAnswer> later(HttpHandler handler, HttpRequest request) {
    CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    try {
      searching.execute(
          () -> {
            try {
              answer.complete(handler.handle(request));
            } catch (LogQlParser.Wrong | Counts.TooMuch e) {
              answer.complete(HttpAnswer.text(400, e.getMessage() + "\n"));
            } catch (IllegalStateException tookTooLong) {
              answer.complete(HttpAnswer.text(504, tookTooLong.getMessage() + "\n"));
            } catch (Exception | Error failure) {
              answer.completeExceptionally(failure);
            }
          });
    } catch (RejectedExecutionException full) {
      answer.completeExceptionally(new HttpFault(429, "too many queries under way; try again"));
    }
    return answer;
  }

  private HttpAnswer queryRange(HttpRequest request) {
    LogQuery query = LogQlParser.parse(required(request, "query"));
    Range range = range(request);
    if (query instanceof LogQuery.Lines lines) {
      return lines(request, lines, range);
    }
    long start = Nanos.of(range.start);
    long end = Nanos.of(range.end);
    long step = step(request, end - start);
    if ((end - start) / step >= MOST_STEPS) {
      throw new HttpFault(
          400, "more than " + MOST_STEPS + " steps between start and end; ask for a larger step");
    }
    Counts counts = new Counts(store, new Counts.Steps(start, end, step));
    Map<Labels, double[]> series = counts.of((LogQuery.Metric) query);
    requireFew(series);
    return answer(
        "matrix",
        counts.lines(),
        json -> {
          for (Map.Entry<Labels, double[]> one : series.entrySet()) {
            json.writeStartObject();
            json.writeFieldName("metric");
            Json.labels(json, one.getKey());
            json.writeArrayFieldStart("values");
            for (int i = 0; i < one.getValue().length; i++) {
              if (!Double.isNaN(one.getValue()[i])) {
                sample(json, start + i * step, one.getValue()[i]);
              }
            }
            json.writeEndArray();
            json.writeEndObject();
          }
        });
  }

  private static void requireFew(Map<Labels, double[]> series) {
    if (series.size() > MOST_SERIES) {
      throw new HttpFault(
          400,
          "the query gives "
              + series.size()
              + " series, of at most "
              + MOST_SERIES
              + "; sum by fewer labels");
    }
  }

  private static void sample(JsonGenerator json, long nanos, double value) throws IOException {
    json.writeStartArray();
    Json.seconds(json, nanos / 1_000_000);
    json.writeString(Numbers.json(value));
    json.writeEndArray();
  }

  private HttpAnswer query(HttpRequest request) {
    LogQuery query = LogQlParser.parse(required(request, "query"));
    if (!(query instanceof LogQuery.Metric metric)) {
      throw new HttpFault(400, "lines have no value at one moment; use query_range");
    }
    long at = Nanos.of(time(request, "time", clock.now()));
    Counts counts = new Counts(store, new Counts.Steps(at, at, 1));
    Map<Labels, double[]> series = counts.of(metric);
    requireFew(series);
    return answer(
        "vector",
        counts.lines(),
        json -> {
          for (Map.Entry<Labels, double[]> one : series.entrySet()) {
            json.writeStartObject();
            json.writeFieldName("metric");
            Json.labels(json, one.getKey());
            json.writeFieldName("value");
            sample(json, at, one.getValue()[0]);
            json.writeEndObject();
          }
        });
  }

  private HttpAnswer lines(HttpRequest request, LogQuery.Lines query, Range range) {
    int limit = limit(request);
    boolean forward = request.parameter("direction").equalsIgnoreCase("forward");
    Map<Labels, List<Event>> streams = new LinkedHashMap<>();
    List<Event> found = inOrderOfTime(query, range, limit, forward);
    for (Event event : found) {
      streams.computeIfAbsent(EventLabels.of(event), fresh -> new ArrayList<>()).add(event);
    }
    // As Grafana asks for it; others would not expect a third element.
    boolean withFields =
        request.header("x-loki-response-encoding-flags").contains("categorize-labels");
    return answer(
        "streams",
        found.size(),
        json -> {
          for (Map.Entry<Labels, List<Event>> stream : streams.entrySet()) {
            json.writeStartObject();
            json.writeFieldName("stream");
            Json.labels(json, stream.getKey());
            json.writeArrayFieldStart("values");
            for (Event event : stream.getValue()) {
              line(json, event, withFields);
            }
            json.writeEndArray();
            json.writeEndObject();
          }
        },
        withFields);
  }

  /** The first lines in the order of time, of which the order of receipt is only near. */
  private List<Event> inOrderOfTime(LogQuery.Lines query, Range range, int limit, boolean forward) {
    Comparator<Event> order = Comparator.comparing(Event::time);
    Comparator<Event> wanted = forward ? order : order.reversed();
    PriorityQueue<Event> kept = new PriorityQueue<>(limit + 1, wanted.reversed());
    EventQuery asked =
        new EventQuery(
            range.start, range.end, query.matchers(), TextQuery.ANY, query.filters(), 1, "", "");
    store.scan(
        asked,
        event -> {
          kept.add(event);
          if (kept.size() <= limit) {
            return true;
          }
          kept.poll();
          Event last = kept.peek();
          // All that follows was received before this one.
          return forward || last == null || !event.received().plus(AHEAD).isBefore(last.time());
        });
    List<Event> all = new ArrayList<>(kept);
    all.sort(wanted);
    return all;
  }

  private static void line(JsonGenerator json, Event event, boolean withFields) throws IOException {
    json.writeStartArray();
    json.writeString(Long.toString(Nanos.of(event.time())));
    json.writeString(event.text());
    if (withFields) {
      json.writeStartObject();
      json.writeObjectFieldStart("structuredMetadata");
      for (Map.Entry<String, String> field : event.fields().entrySet()) {
        if (!field.getKey().equals("unit")) {
          json.writeStringField(field.getKey(), field.getValue());
        }
      }
      json.writeEndObject();
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static HttpAnswer answer(String type, long lines, Json.Writer result) {
    return answer(type, lines, result, false);
  }

  private static HttpAnswer answer(
      String type, long lines, Json.Writer result, boolean withFields) {
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeStringField("status", "success");
          json.writeObjectFieldStart("data");
          json.writeStringField("resultType", type);
          if (withFields) {
            json.writeArrayFieldStart("encodingFlags");
            json.writeString("categorize-labels");
            json.writeEndArray();
          }
          json.writeArrayFieldStart("result");
          result.write(json);
          json.writeEndArray();
          json.writeObjectFieldStart("stats");
          json.writeObjectFieldStart("summary");
          json.writeNumberField("totalLinesProcessed", lines);
          json.writeEndObject();
          json.writeEndObject();
          json.writeEndObject();
          json.writeEndObject();
        });
  }

  private HttpAnswer labels(HttpRequest request) {
    Set<String> names = Labels.names(streams(request));
    return data(json -> Json.texts(json, names));
  }

  private HttpAnswer values(HttpRequest request) {
    String name = request.variable("name");
    Set<String> values = new TreeSet<>();
    for (Labels labels : streams(request)) {
      if (labels.has(name)) {
        values.add(labels.get(name));
      }
    }
    return data(json -> Json.texts(json, values));
  }

  private HttpAnswer series(HttpRequest request) {
    Set<Labels> all = streams(request);
    return data(
        json -> {
          json.writeStartArray();
          for (Labels labels : all) {
            Json.labels(json, labels);
          }
          json.writeEndArray();
        });
  }

  private static HttpAnswer data(Json.Writer data) {
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeStringField("status", "success");
          json.writeFieldName("data");
          data.write(json);
          json.writeEndObject();
        });
  }

  /** Grafana says by it how much a query will read; how many streams is what is known. */
  private HttpAnswer stats(HttpRequest request) {
    int streams = streams(request).size();
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeNumberField("streams", streams);
          json.writeNumberField("chunks", 0);
          json.writeNumberField("entries", 0);
          json.writeNumberField("bytes", 0);
          json.writeEndObject();
        });
  }

  /** The streams that one of the selectors takes, all where there is none. */
  private Set<Labels> streams(HttpRequest request) {
    List<List<LabelMatcher>> selectors = new ArrayList<>();
    for (String name : List.of("match[]", "match", "query")) {
      for (String selector : request.parameters(name)) {
        if (LogQlParser.parse(selector) instanceof LogQuery.Lines lines) {
          selectors.add(lines.matchers());
        } else {
          throw new HttpFault(400, name + " \"" + selector + "\" is no selector");
        }
      }
    }
    Range range = range(request);
    Set<Labels> all = new TreeSet<>();
    for (EventStream stream : store.streams(range.start, range.end)) {
      Labels labels = EventLabels.of(stream);
      if (selectors.isEmpty()
          || selectors.stream()
              .anyMatch(matchers -> matchers.stream().allMatch(m -> m.matches(labels)))) {
        all.add(labels);
      }
    }
    return all;
  }

  private static String required(HttpRequest request, String name) {
    String value = request.parameter(name);
    if (value.isEmpty()) {
      throw new HttpFault(400, "the parameter " + name + " is missing");
    }
    return value;
  }

  private static int limit(HttpRequest request) {
    String text = request.parameter("limit");
    try {
      int limit = text.isEmpty() ? 100 : Integer.parseInt(text);
      if (limit >= 1 && limit <= MOST_LINES) {
        return limit;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new HttpFault(
        400, "limit \"" + text + "\" is not a whole number from 1 to " + MOST_LINES);
  }

  /** From {@code start}, included, to {@code end}, excluded. */
  private record Range(Instant start, Instant end) {}

  private Range range(HttpRequest request) {
    Instant end = time(request, "end", clock.now());
    Instant start = end.minus(HOUR);
    if (!request.parameter("since").isEmpty()) {
      start = end.minusNanos(duration("since", request.parameter("since")));
    }
    start = time(request, "start", start);
    if (end.isBefore(start)) {
      throw new HttpFault(400, "end is before start");
    }
    return new Range(start, end);
  }

  /** Seconds, with a fraction or of up to ten digits; nanoseconds; or RFC 3339. */
  private static Instant time(HttpRequest request, String name, Instant otherwise) {
    String text = request.parameter(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      if (text.contains("T")) {
        return OffsetDateTime.parse(text).toInstant();
      }
      boolean seconds = text.contains(".") || text.length() <= 10;
      BigDecimal number = new BigDecimal(text);
      return Nanos.instant(
          (seconds ? number.scaleByPowerOfTen(9) : number).toBigInteger().longValueExact());
    } catch (NumberFormatException | DateTimeException | ArithmeticException e) {
      throw new HttpFault(
          400,
          name + " \"" + text + "\" is no time: seconds or nanoseconds since the epoch, RFC 3339");
    }
  }

  private static long step(HttpRequest request, long nanos) {
    String text = request.parameter("step");
    return text.isEmpty() ? Math.max(1_000_000_000L, nanos / 250) : duration("step", text);
  }

  private static long duration(String name, String text) {
    try {
      double seconds = Double.parseDouble(text);
      if (seconds > 0 && seconds < 1e9) {
        return Math.round(seconds * 1e9);
      }
    } catch (NumberFormatException notANumber) {
      try {
        long nanos = Durations.parse(text).toNanos();
        if (nanos > 0) {
          return nanos;
        }
      } catch (IllegalArgumentException | ArithmeticException e) {
        // said below
      }
    }
    throw new HttpFault(400, name + " \"" + text + "\" is no duration such as 30s");
  }
}
