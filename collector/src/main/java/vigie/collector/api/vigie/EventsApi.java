package vigie.collector.api.vigie;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.net.Addresses;
import vigie.base.time.Clock;
import vigie.collector.api.Filters;
import vigie.collector.api.Json;
import vigie.collector.event.EventPage;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.StoredEvent;
import vigie.collector.label.LabelMatcher;

/**
 * {@code /api/vigie/events}: search, newest first; one event; what comes, as it comes; import.
 *
 * <p>Parameters of a search: {@code since} and {@code until} (a time or a duration back), {@code
 * node}, {@code type}, {@code unit}, {@code app} (exactly), {@code severity} (at least), {@code
 * filter} (matchers on these and on fields), {@code q} (what the text must say), {@code limit},
 * {@code before} ({@code next} of the page before), {@code after} (only what is newer), {@code raw}
 * (true: with the records as they came). A page of long texts ends before its limit.
 */
public final class EventsApi {
  private static final String LINES = "application/x-ndjson";
  private static final int MOST_LINES = 10_000;

  private final EventStore store;
  private final EventFeed feed;
  private final Clock clock;
  private final Executor searching;

  /**
   * @param searching a few threads, which searches hold for up to half a minute; where it rejects,
   *     the answer is 503
   */
  public EventsApi(EventStore store, EventFeed feed, Clock clock, Executor searching) {
    this.store = store;
    this.feed = feed;
    this.clock = clock;
    this.searching = searching;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.getLater("/api/vigie/events", later(this::search));
    routes.get("/api/vigie/events/stream", this::stream);
    routes.getLater("/api/vigie/events/{id}", later(this::one));
    routes.post("/api/vigie/events/import", this::importLines);
  }

  private HttpHandler.Later later(HttpHandler handler) {
    return request -> {
      try {
        return answered(handler, request);
      } catch (RejectedExecutionException full) {
        throw new HttpFault(503, "too many searches under way; try again");
      }
    };
  }

  private CompletionStage<HttpAnswer> answered(HttpHandler handler, HttpRequest request) {
    CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    searching.execute(
        () -> {
          try {
            answer.complete(handler.handle(request));
          } catch (Exception | Error failure) {
            answer.completeExceptionally(failure);
          }
        });
    return answer;
  }

  private HttpAnswer search(HttpRequest request) {
    EventQuery query = query(request, clock.now());
    boolean raw = request.parameter("raw").equals("true");
    EventPage page;
    try {
      page = store.search(query);
    } catch (IllegalArgumentException noId) {
      throw new HttpFault(400, noId.getMessage() + " (before, after)");
    } catch (IllegalStateException tookTooLong) {
      throw new HttpFault(503, String.valueOf(tookTooLong.getMessage()));
    }
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("events");
          for (StoredEvent stored : page.events()) {
            EventJson.write(json, stored, raw);
          }
          json.writeEndArray();
          json.writeStringField("next", page.next());
          json.writeStringField("newest", page.newest());
          json.writeArrayFieldStart("warnings");
          for (String warning : page.warnings()) {
            json.writeString(warning);
          }
          json.writeEndArray();
          json.writeEndObject();
        });
  }

  private static EventQuery query(HttpRequest request, Instant now) {
    List<LabelMatcher> matchers = new ArrayList<>(Filters.matchers(request));
    for (String name : List.of("node", "type", "unit", "app")) {
      String value = request.parameter(name);
      if (!value.isEmpty()) {
        matchers.add(LabelMatcher.equal(name, value));
      }
    }
    String severity = request.parameter("severity");
    try {
      if (!severity.isEmpty()) {
        matchers.add(EventQuery.atLeast(severity));
      }
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, "severity: " + e.getMessage());
    }
    try {
      return new EventQuery(
              Filters.time(request, "since", now, Instant.EPOCH),
              Filters.time(request, "until", now, Instant.parse("9999-01-01T00:00:00Z")),
              matchers,
              request.parameter("q"),
              Filters.integer(request, "limit", 100, 1, EventQuery.MOST),
              request.parameter("before"))
          .after(request.parameter("after"));
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, "q: " + e.getMessage());
    }
  }

  /** Server-sent events; {@code Last-Event-ID} goes before {@code after}. */
  private HttpAnswer stream(HttpRequest request) {
    EventQuery query = query(request, clock.now());
    String last = request.header("last-event-id");
    return feed.stream(last.isEmpty() ? query : query.after(last));
  }

  private HttpAnswer one(HttpRequest request) {
    Optional<StoredEvent> found = store.find(request.variable("id"));
    if (found.isEmpty()) {
      throw new HttpFault(404, "no event has the id " + request.variable("id"));
    }
    return Json.answer(200, json -> EventJson.write(json, found.get(), true));
  }

  /** JSON lines as a search with {@code raw} gives them. */
  private HttpAnswer importLines(HttpRequest request) {
    boolean known = !request.who().user().isEmpty() || !request.who().certificate().isEmpty();
    if (!known && !Addresses.isLoopback(request.peer())) {
      throw new HttpFault(
          403, "events are imported from this host only, or by who has proved who it is");
    }
    // Also keeps out the pages that a browser shows: they may not send this type unasked.
    if (!request.header("content-type").startsWith(LINES)) {
      throw new HttpFault(415, "send JSON lines as " + LINES);
    }
    List<String> lines = request.bodyText().lines().toList();
    if (lines.size() > MOST_LINES) {
      throw new HttpFault(413, "more than " + MOST_LINES + " lines at a time");
    }
    List<StoredEvent> events;
    try {
      events = EventJson.readLines(lines);
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, String.valueOf(e.getMessage()));
    }
    EventStore.Imported done;
    try {
      done = store.insertHistory(events);
    } catch (IllegalStateException refused) {
      throw new HttpFault(503, String.valueOf(refused.getMessage()));
    }
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeNumberField("taken", done.taken());
          json.writeNumberField("known", done.known());
          json.writeNumberField("too_old", done.tooOld());
          json.writeEndObject();
        });
  }
}
