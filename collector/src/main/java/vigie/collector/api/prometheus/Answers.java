package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpHandler;
import vigie.base.http.Routes;
import vigie.collector.api.Json;
import vigie.collector.promql.PromqlException;

/** The answers of Prometheus's API, good and bad. */
final class Answers {
  static final List<String> TRUNCATED = List.of("results truncated due to limit");

  private Answers() {}

  /** Adds a route for GET and form POST whose faults are answered as Prometheus does. */
  static void both(Routes routes, String path, HttpHandler handler) {
    get(routes, path, handler);
    routes.ask(path, answering(handler));
  }

  /** Adds a route for GET whose faults are answered as Prometheus does. */
  static void get(Routes routes, String path, HttpHandler handler) {
    routes.get(path, answering(handler));
  }

  static HttpHandler answering(HttpHandler handler) {
    return request -> {
      try {
        return handler.handle(request);
      } catch (PromqlException | BadParameter | HttpFault e) {
        return failed(e);
      }
    };
  }

  /** The answer to a fault of the request or of its query. */
  static HttpAnswer failed(RuntimeException e) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof PromqlException promql) {
      return switch (promql.kind()) {
        case PARSE, NOT_SUPPORTED -> error(400, "bad_data", promql.withCaret());
        case TIMEOUT -> error(503, "timeout", message);
        case CANCELED -> error(499, "canceled", message);
        default -> error(422, "execution", message);
      };
    }
    if (e instanceof HttpFault fault) {
      return error(fault.status(), fault.status() == 422 ? "execution" : "bad_data", message);
    }
    return error(400, "bad_data", message);
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

  static HttpAnswer success(Json.Writer data, List<String> warnings, List<String> infos) {
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
      json.writeFieldName(field);
      Json.texts(json, texts);
    }
  }

  /** A request that makes no sense; answered with 400. */
  static final class BadParameter extends RuntimeException {
    private static final long serialVersionUID = 1;

    BadParameter(String message) {
      super(message, null, false, false);
    }

    /** As Prometheus says it of one parameter. */
    static BadParameter of(String name, @Nullable String what) {
      return new BadParameter("invalid parameter \"" + name + "\": " + what);
    }
  }
}
