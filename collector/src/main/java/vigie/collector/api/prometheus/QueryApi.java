package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.api.Json;
import vigie.collector.api.prometheus.Answers.BadParameter;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.QueryResult;
import vigie.collector.promql.ValueType;

/** Queries of Prometheus's HTTP API; GET and form POST alike. */
public final class QueryApi {
  private static final int MOST_POINTS = 11_000;

  private final Engine engine;
  private final Clock clock;
  private final Executor queries;

  /**
   * @param queries as many threads as queries may run at once; where it rejects, the answer is 503
   */
  public QueryApi(Engine engine, Clock clock, Executor queries) {
    this.engine = engine;
    this.clock = clock;
    this.queries = queries;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    later(routes, "/api/v1/query", this::query);
    later(routes, "/api/v1/query_range", this::queryRange);
    Answers.both(routes, "/api/v1/query_exemplars", QueryApi::exemplars);
    Answers.both(routes, "/api/v1/format_query", QueryApi::format);
    Answers.both(routes, "/api/v1/parse_query", QueryApi::parse);
  }

  private void later(Routes routes, String path, Ask ask) {
    HttpHandler.Later handler = request -> begin(request, ask);
    routes.getLater(path, handler);
    routes.askLater(path, handler);
  }

  /** A query that may run once it is its turn. */
  private interface Ask {
    /**
     * Reads the request and answers it.
     *
     * @param waitedSince when it came, in the clock's nanoseconds
     */
    HttpAnswer answer(HttpRequest request, long waitedSince);
  }

  private CompletionStage<HttpAnswer> begin(HttpRequest request, Ask ask) {
    long came = clock.nanos();
    CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    try {
      queries.execute(
          () -> {
            try {
              answer.complete(Answers.answering(r -> ask.answer(r, came)).handle(request));
            } catch (OutOfMemoryError e) {
              answer.complete(
                  Answers.error(
                      422,
                      "execution",
                      "the query needs more memory than there is; select fewer series, a shorter"
                          + " range or a longer step, or lower query.max_samples"));
            } catch (Exception | Error failure) {
              answer.completeExceptionally(failure);
            }
          });
    } catch (RejectedExecutionException full) {
      answer.complete(
          Answers.error(503, "unavailable", "too many queries are waiting; try again later"));
    }
    return answer;
  }

  private HttpAnswer query(HttpRequest request, long came) {
    int limit = Parameters.limit(request);
    long time = Parameters.time(request, "time", clock.millis());
    Engine chosen = engine(request, came);
    Expr expr = Parameters.query(request);
    long began = clock.nanos();
    return result(request, chosen.instant(expr, time), limit, came, began);
  }

  private HttpAnswer queryRange(HttpRequest request, long came) {
    int limit = Parameters.limit(request);
    long start = Parameters.time(request, "start");
    long end = Parameters.time(request, "end");
    if (end < start) {
      throw BadParameter.of("end", "end timestamp must not be before start time");
    }
    long step = Parameters.duration(request, "step").toMillis();
    if (step <= 0) {
      throw BadParameter.of(
          "step",
          "zero or negative query resolution step widths are not accepted. Try a positive"
              + " integer");
    }
    if ((end - start) / step > MOST_POINTS) {
      throw new BadParameter(
          "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution"
              + " (?step=XX)");
    }
    Engine chosen = engine(request, came);
    Expr expr = Parameters.query(request);
    if (expr.type() != ValueType.SCALAR && expr.type() != ValueType.VECTOR) {
      throw BadParameter.of(
          "query",
          "invalid expression type \""
              + expr.type().documented()
              + "\" for range query, must be Scalar or instant Vector");
    }
    long began = clock.nanos();
    return result(request, chosen.range(expr, start, end, step), limit, came, began);
  }

  /** The engine with what the request asks for, and less time for what it has waited. */
  private Engine engine(HttpRequest request, long came) {
    EngineOptions options = engine.options();
    if (!request.parameter("timeout").isEmpty()) {
      Duration wanted = Parameters.duration(request, "timeout");
      options = wanted.compareTo(options.timeout()) < 0 ? options.withTimeout(wanted) : options;
    }
    String lookback = request.parameter("lookback_delta");
    if (!lookback.isEmpty()) {
      Duration wanted;
      try {
        wanted = Parameters.duration(lookback);
      } catch (BadParameter e) {
        throw new BadParameter("error parsing lookback delta duration: " + e.getMessage());
      }
      // Prometheus takes its own for what is not positive.
      options = wanted.toMillis() > 0 ? options.withLookback(wanted) : options;
    }
    return engine.with(options, came, request::isAbandoned);
  }

  private HttpAnswer result(
      HttpRequest request, QueryResult result, int limit, long came, long began) {
    long done = clock.nanos();
    List<String> warnings = new ArrayList<>(result.warnings());
    if (ValueJson.size(result.value()) > limit) {
      warnings.addAll(Answers.TRUNCATED);
    }
    boolean stats = !request.parameter("stats").isEmpty();
    return Answers.success(
        json -> {
          json.writeStartObject();
          ValueJson.write(json, result.value(), limit);
          if (stats) {
            stats(json, result, began - came, done - began);
          }
          json.writeEndObject();
        },
        warnings,
        result.infos());
  }

  private static void stats(JsonGenerator json, QueryResult result, long waited, long took)
      throws IOException {
    json.writeObjectFieldStart("stats");
    json.writeObjectFieldStart("timings");
    json.writeNumberField("evalTotalTime", took / 1e9);
    json.writeNumberField("resultSortTime", 0);
    json.writeNumberField("queryPreparationTime", 0);
    json.writeNumberField("innerEvalTime", took / 1e9);
    json.writeNumberField("execQueueTime", waited / 1e9);
    json.writeNumberField("execTotalTime", (waited + took) / 1e9);
    json.writeEndObject();
    json.writeObjectFieldStart("samples");
    json.writeNumberField("totalQueryableSamples", result.totalSamples());
    json.writeNumberField("peakSamples", result.peakSamples());
    json.writeEndObject();
    json.writeEndObject();
  }

  /** None are kept. */
  private static HttpAnswer exemplars(HttpRequest request) {
    long start = Parameters.time(request, "start", -Parameters.FOREVER);
    long end = Parameters.time(request, "end", Parameters.FOREVER);
    if (end < start) {
      throw new BadParameter("end timestamp must not be before start timestamp");
    }
    Parser.parse(request.parameter("query"));
    return Answers.success(json -> Json.texts(json, List.of()));
  }

  private static HttpAnswer format(HttpRequest request) {
    String formatted = Parameters.query(request).formatted();
    return Answers.success(json -> json.writeString(formatted));
  }

  private static HttpAnswer parse(HttpRequest request) {
    Expr expr = Parameters.query(request);
    return Answers.success(json -> ExprJson.write(json, expr));
  }
}
