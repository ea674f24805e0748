package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.api.Filters;
import vigie.collector.api.Json;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.StoredEvent;

/**
 * {@code /api/vigie/events}: search, newest first, and one event. Parameters: {@code since} and
 * {@code until} (a time or a duration back), {@code filter} (matchers on node, type, severity, app
 * and fields), {@code q} (words of the text), {@code limit}, {@code before} (an id: the next page;
 * a page of long texts ends before its limit).
 */
public final class EventsApi {
  private final EventStore store;
  private final Clock clock;

  public EventsApi(EventStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/vigie/events", this::search);
    routes.get("/api/vigie/events/{id}", this::one);
  }

  private HttpAnswer search(HttpRequest request) {
    Instant now = clock.now();
    EventQuery query =
        new EventQuery(
            Filters.time(request, "since", now, Instant.EPOCH),
            Filters.time(request, "until", now, Instant.parse("9999-01-01T00:00:00Z")),
            Filters.matchers(request),
            request.parameter("q"),
            Filters.integer(request, "limit", 100, 1, 10_000),
            request.parameter("before"));
    List<StoredEvent> found;
    try {
      found = store.search(query);
    } catch (IllegalArgumentException noId) {
      throw new HttpFault(400, "before: " + noId.getMessage());
    } catch (IllegalStateException tookTooLong) {
      throw new HttpFault(503, String.valueOf(tookTooLong.getMessage()));
    }
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("events");
          for (StoredEvent stored : found) {
            write(json, stored);
          }
          json.writeEndArray();
          json.writeEndObject();
        });
  }

  private HttpAnswer one(HttpRequest request) {
    Optional<StoredEvent> found = store.find(request.variable("id"));
    if (found.isEmpty()) {
      throw new HttpFault(404, "no event has the id " + request.variable("id"));
    }
    return Json.answer(200, json -> write(json, found.get()));
  }

  private static void write(JsonGenerator json, StoredEvent stored) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", stored.id());
    fields(json, stored.event());
    json.writeEndObject();
  }

  /** The fields of an event, without the braces. */
  static void fields(JsonGenerator json, Event event) throws IOException {
    Json.time(json, "time", event.time());
    Json.time(json, "received", event.received());
    json.writeStringField("node", event.node());
    json.writeStringField("type", event.type());
    json.writeStringField("severity", EventQuery.SEVERITIES.get(event.severity()));
    json.writeNumberField("facility", event.facility());
    json.writeStringField("app", event.app());
    json.writeStringField("text", event.text());
    json.writeObjectFieldStart("fields");
    for (Map.Entry<String, String> field : event.fields().entrySet()) {
      json.writeStringField(field.getKey(), field.getValue());
    }
    json.writeEndObject();
    Event.Origin origin = event.origin();
    if (origin != null) {
      json.writeStringField("spool", origin.spool());
      json.writeNumberField("seq", origin.seq());
      json.writeStringField("boot", origin.boot());
    }
  }
}
