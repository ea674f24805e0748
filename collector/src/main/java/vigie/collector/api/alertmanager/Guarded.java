package vigie.collector.api.alertmanager;

import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.collector.api.Json;

/** Answers in the two forms that Alertmanager's errors have. */
final class Guarded {
  private static final Logger log = LoggerFactory.getLogger(Guarded.class);

  /** What go-openapi says where a body lacks something. */
  private static final int REQUIRED = 602;

  /** What go-openapi takes for true. */
  private static final Set<String> TRUE =
      Set.of("true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled");

  private Guarded() {}

  /** A request that does not fit the description of the API: an object with a code. */
  static final class Misfit extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int status;
    private final int code;

    Misfit(int status, int code, String message) {
      super(message, null, false, false);
      this.status = status;
      this.code = code;
    }

    /** A field that must be there. */
    static Misfit required(String field) {
      return new Misfit(422, REQUIRED, field + " in body is required");
    }
  }

  /** The handler, whose faults are answered as a text in JSON. */
  static HttpHandler of(HttpHandler handler) {
    return request -> {
      try {
        return handler.handle(request);
      } catch (HttpFault e) {
        return Json.answer(e.status(), json -> json.writeString(e.getMessage()));
      } catch (UncheckedIOException e) {
        log.error("a change could not be kept path={} cause={}", request.path(), e.getMessage());
        return Json.answer(500, json -> json.writeString("not done: " + e.getMessage()));
      } catch (Misfit e) {
        return Json.answer(
            e.status,
            json -> {
              json.writeStartObject();
              json.writeNumberField("code", e.code);
              json.writeStringField("message", e.getMessage());
              json.writeEndObject();
            });
      }
    };
  }

  /** The same for one that takes JSON; a page in a browser cannot send that to another site. */
  static HttpHandler taking(HttpHandler handler) {
    return of(
        request -> {
          String type = request.header("content-type");
          if (!type.startsWith("application/json")) {
            throw new Misfit(
                415,
                415,
                "unsupported media type \"" + type + "\", only [application/json] are allowed");
          }
          return handler.handle(request);
        });
  }

  static HttpAnswer empty(int status) {
    return HttpAnswer.of(status, HttpAnswer.JSON, "");
  }

  /** A flag: true where nobody says otherwise, false for what is no word for it. */
  static boolean flag(HttpRequest request, String name) {
    String text = request.parameter(name);
    return text.isEmpty() || TRUE.contains(text.toLowerCase(Locale.ROOT));
  }
}
