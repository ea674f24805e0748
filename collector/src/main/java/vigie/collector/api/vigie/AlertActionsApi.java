package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.alert.Acknowledgement;
import vigie.collector.alert.Acknowledgements;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertHistory;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.api.Author;
import vigie.collector.api.Filters;
import vigie.collector.api.Json;

/**
 * What people do to an alert, and what happened to it; docs/silences.md describes all of it. Errors
 * are {@code {"error": TEXT}}.
 */
public final class AlertActionsApi {
  private static final Logger log = LoggerFactory.getLogger(AlertActionsApi.class);
  private static final String ALERT = "/api/vigie/alerts/{fingerprint}";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_ENTRIES = 10_000;
  private static final int MOST_NAME = 200;
  private static final int MOST_NOTE = 2000;
  private static final Map<String, HistoryKind> NOTES =
      Map.of("cause", HistoryKind.CAUSE, "action", HistoryKind.ACTION, "note", HistoryKind.NOTE);

  private final Supplier<List<Alert>> alerts;
  private final Acknowledgements acknowledgements;
  private final AlertHistory history;
  private final Clock clock;
  private final Runnable changed;

  /**
   * @param alerts all that are known now, in all states
   * @param changed told after somebody said something to an alert
   */
  public AlertActionsApi(
      Supplier<List<Alert>> alerts,
      Acknowledgements acknowledgements,
      AlertHistory history,
      Clock clock,
      Runnable changed) {
    this.alerts = alerts;
    this.acknowledgements = acknowledgements;
    this.history = history;
    this.clock = clock;
    this.changed = changed;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.post(ALERT + "/ack", told(this::acknowledge));
    routes.on("DELETE", ALERT + "/ack", told(this::withdraw));
    routes.post(ALERT + "/note", told(this::note));
    routes.post(ALERT + "/notes", told(this::notes));
    routes.get(ALERT + "/history", told(this::historyOf));
    routes.get("/api/vigie/history", told(this::recent));
  }

  private static HttpHandler told(HttpHandler handler) {
    return request -> {
      try {
        return handler.handle(request);
      } catch (HttpFault e) {
        return error(e.status(), String.valueOf(e.getMessage()));
      } catch (UncheckedIOException e) {
        log.error("a change could not be kept path={} cause={}", request.path(), e.getMessage());
        return error(500, "not done: " + e.getMessage());
      }
    };
  }

  private static HttpAnswer error(int status, String text) {
    return Json.answer(
        status,
        json -> {
          json.writeStartObject();
          json.writeStringField("error", text);
          json.writeEndObject();
        });
  }

  private HttpAnswer acknowledge(HttpRequest request) {
    JsonNode body = body(request);
    String by = author(request, body);
    String note = text(body, "note", MOST_NOTE);
    Alert alert = firing(request);
    Acknowledgement made = new Acknowledgement(alert.fingerprint(), by, note, clock.now());
    if (acknowledgements.acknowledge(List.of(made), this::fires).isEmpty()) {
      throw new HttpFault(409, alert.name() + " has resolved meanwhile");
    }
    return answer(alert, made);
  }

  private HttpAnswer withdraw(HttpRequest request) {
    Alert alert = alert(request);
    String by = Author.of(request, request.parameter("by"));
    if (!acknowledgements.withdraw(alert.fingerprint(), by)) {
      throw new HttpFault(409, alert.name() + " is not acknowledged");
    }
    return answer(alert, null);
  }

  private HttpAnswer note(HttpRequest request) {
    JsonNode body = body(request);
    String note = said(body, "note");
    String by = author(request, body);
    Alert alert = alert(request);
    keep(HistoryKind.NOTE, alert.fingerprint(), by, note);
    return answer(alert, acknowledgements.of(alert.fingerprint()).orElse(null));
  }

  /** Causes, corrective actions, notes: also of an alert that is long over. */
  private HttpAnswer notes(HttpRequest request) {
    JsonNode body = body(request);
    HistoryKind kind = NOTES.get(text(body, "kind", MOST_NAME));
    if (kind == null) {
      throw new HttpFault(400, "\"kind\" must be cause, action or note");
    }
    String said = said(body, "text");
    String by =
        Author.proved(request).isEmpty() ? text(body, "by", MOST_NAME) : author(request, body);
    String wanted = request.variable("fingerprint");
    boolean past = isId(wanted) && !history.of(wanted, 1).isEmpty();
    String id = past ? wanted : alert(request).fingerprint();
    keep(kind, id, by, said);
    changed.run();
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeStringField("id", id);
          json.writeEndObject();
        });
  }

  private static String said(JsonNode body, String field) {
    String text = text(body, field, MOST_NOTE);
    if (text.isBlank()) {
      throw new HttpFault(400, "\"" + field + "\" is missing: what is there to say?");
    }
    return text;
  }

  /** Returns when it is on the disk. */
  private void keep(HistoryKind kind, String id, String by, String text) {
    CompletionStage<Void> written =
        history.append(HistoryEntry.of(kind, clock.now(), id).by(by).saying(text));
    try {
      written.toCompletableFuture().join();
    } catch (RuntimeException e) {
      throw new HttpFault(503, "the note could not be written: " + e.getMessage());
    }
  }

  private static boolean isId(String text) {
    return text.length() == 16 && text.chars().allMatch(c -> "0123456789abcdef".indexOf(c) >= 0);
  }

  private static HttpAnswer answer(Alert alert, @Nullable Acknowledgement acknowledged) {
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeStringField("id", alert.fingerprint());
          json.writeStringField("alert", alert.name());
          json.writeStringField("node", alert.node());
          json.writeStringField("state", word(alert));
          if (acknowledged != null) {
            json.writeFieldName("acknowledged");
            write(json, acknowledged);
          }
          json.writeEndObject();
        });
  }

  /** An acknowledgement as the API shows it. */
  static void write(JsonGenerator json, Acknowledgement acknowledged) throws IOException {
    json.writeStartObject();
    json.writeStringField("by", acknowledged.by());
    json.writeStringField("note", acknowledged.note());
    Json.time(json, "at", acknowledged.at());
    json.writeEndObject();
  }

  private boolean fires(String fingerprint) {
    return alerts.get().stream()
        .anyMatch(a -> a.state() == AlertState.FIRING && a.fingerprint().equals(fingerprint));
  }

  private Alert firing(HttpRequest request) {
    Alert alert = alert(request);
    if (alert.state() != AlertState.FIRING) {
      throw new HttpFault(
          409,
          alert.name()
              + " is "
              + word(alert)
              + ": only a firing alert can be acknowledged, and it stays so until it resolves");
    }
    return alert;
  }

  private static String word(Alert alert) {
    return alert.state().name().toLowerCase(Locale.ROOT);
  }

  /** A fingerprint, or as many of its first digits as tell it from the others. */
  private Alert alert(HttpRequest request) {
    String wanted = request.variable("fingerprint");
    List<Alert> found =
        alerts.get().stream().filter(each -> each.fingerprint().startsWith(wanted)).toList();
    if (found.isEmpty() || wanted.isEmpty()) {
      throw new HttpFault(404, "no alert has the id " + wanted);
    }
    if (found.size() > 1) {
      throw new HttpFault(
          409, found.size() + " alerts have ids that begin with " + wanted + "; give more of it");
    }
    return found.get(0);
  }

  private static JsonNode body(HttpRequest request) {
    // A page in a browser cannot send this type to another site without being asked.
    if (!request.header("content-type").startsWith("application/json")) {
      throw new HttpFault(415, "send JSON, with the header Content-Type: application/json");
    }
    try {
      JsonNode body = JSON.readTree(request.body());
      if (body.isObject()) {
        return body;
      }
    } catch (IOException e) {
      throw new HttpFault(400, "the body is no JSON: " + e.getMessage());
    }
    throw new HttpFault(400, "the body must be an object, such as {\"by\": \"anna\"}");
  }

  private static String text(JsonNode body, String field, int most) {
    JsonNode value = body.path(field);
    if (!value.isMissingNode() && !value.isTextual()) {
      throw new HttpFault(400, "\"" + field + "\" must be a text");
    }
    String text = value.asText();
    if (text.length() > most) {
      throw new HttpFault(
          400, "\"" + field + "\" has " + text.length() + " characters; at most " + most);
    }
    return text;
  }

  private static String author(HttpRequest request, JsonNode body) {
    String by = Author.of(request, text(body, "by", MOST_NAME));
    if (by.isBlank()) {
      throw new HttpFault(400, "\"by\" is missing: who is it?");
    }
    return by;
  }

  /** Also of an alert that is long over: its whole fingerprint, or one that is known now. */
  private HttpAnswer historyOf(HttpRequest request) {
    String wanted = request.variable("fingerprint");
    String id = isId(wanted) ? wanted : alert(request).fingerprint();
    int most = Filters.integer(request, "limit", 1000, 1, MOST_ENTRIES);
    return entries(history.of(id, most));
  }

  private HttpAnswer recent(HttpRequest request) {
    Instant now = clock.now();
    Instant from = Filters.time(request, "since", now, now.minus(Duration.ofDays(1)));
    Instant to = Filters.time(request, "until", now, now);
    int most = Filters.integer(request, "limit", 1000, 1, MOST_ENTRIES);
    return entries(history.between(from, to, most));
  }

  private static HttpAnswer entries(List<HistoryEntry> entries) {
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("history");
          for (HistoryEntry entry : entries) {
            write(json, entry);
          }
          json.writeEndArray();
          json.writeEndObject();
        });
  }

  /** An entry of the history as the API shows it. */
  static void write(JsonGenerator json, HistoryEntry entry) throws IOException {
    json.writeStartObject();
    Json.micros(json, "at", entry.at());
    json.writeStringField("kind", entry.kind().word());
    json.writeFieldName("alerts");
    Json.texts(json, entry.alerts());
    json.writeFieldName("labels");
    Json.labels(json, entry.labels());
    json.writeStringField("who", entry.who());
    json.writeStringField("text", entry.text());
    json.writeStringField("ref", entry.ref());
    json.writeEndObject();
  }
}
