package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.api.Filters;
import vigie.collector.api.Json;
import vigie.collector.dispatch.Routing;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.StoredEvent;
import vigie.collector.label.LabelMatcher;
import vigie.collector.promql.Numbers;

/**
 * {@code /api/vigie/alerts}: alerts in all states, the newest change first. Parameters: {@code
 * state} (a state or a status, or {@code active} for all that are not resolved; several allowed),
 * {@code since} (only what changed since then), {@code filter} (matchers on labels).
 */
public final class AlertsApi {
  private static final List<String> SAME = List.of("unit", "target", "probe");
  private static final Duration BEFORE = Duration.ofMinutes(5);
  private static final Duration AFTER = Duration.ofMinutes(2);
  private static final int MOST_AROUND = 20;

  private final Supplier<List<Alert>> alerts;
  private final Supplier<Routing> routing;
  private final EventStore events;
  private final Clock clock;

  /**
   * @param alerts what the rules know now
   * @param routing what is in force now
   * @param events where to look for what else happened
   */
  public AlertsApi(
      Supplier<List<Alert>> alerts, Supplier<Routing> routing, EventStore events, Clock clock) {
    this.alerts = alerts;
    this.routing = routing;
    this.events = events;
    this.clock = clock;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/vigie/alerts", this::list);
    routes.get("/api/vigie/alerts/{fingerprint}", this::one);
  }

  private HttpAnswer list(HttpRequest request) {
    List<String> states = request.parameters("state");
    List<LabelMatcher> matchers = Filters.matchers(request);
    Instant since = Filters.time(request, "since", clock.now(), Instant.MIN);
    List<Alert> found =
        alerts.get().stream()
            .filter(a -> states.isEmpty() || isOneOf(a, states))
            .filter(a -> !a.since().isBefore(since))
            .filter(a -> Filters.match(matchers, a.labels()))
            .sorted(Comparator.comparing(Alert::since).reversed().thenComparing(Alert::labels))
            .toList();
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("alerts");
          for (Alert alert : found) {
            write(json, alert, false);
          }
          json.writeEndArray();
          json.writeEndObject();
        });
  }

  /** A fingerprint, or as many of its first digits as tell it from the others. */
  private HttpAnswer one(HttpRequest request) {
    String wanted = request.variable("fingerprint");
    List<Alert> found =
        alerts.get().stream().filter(a -> a.fingerprint().startsWith(wanted)).toList();
    if (found.size() != 1 || wanted.isEmpty()) {
      throw new HttpFault(
          404,
          (found.isEmpty() ? "no alert has the id " : "several alerts have ids that begin with ")
              + wanted);
    }
    return Json.answer(200, json -> write(json, found.get(0), true));
  }

  private boolean isOneOf(Alert alert, List<String> words) {
    return words.contains(stateOf(alert))
        || words.contains(statusOf(alert))
        || (words.contains("active") && alert.state() != AlertState.RESOLVED);
  }

  private String statusOf(Alert alert) {
    return stateOf(alert);
  }

  private static String stateOf(Alert alert) {
    return alert.state().name().toLowerCase(Locale.ROOT);
  }

  private void write(JsonGenerator json, Alert alert, boolean events) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", alert.fingerprint());
    json.writeStringField("state", stateOf(alert));
    json.writeStringField("status", statusOf(alert));
    json.writeStringField("severity", alert.severity());
    json.writeStringField("alert", alert.name());
    json.writeStringField("node", alert.node());
    json.writeStringField("target", alert.target());
    Json.time(json, "since", alert.since());
    json.writeStringField("summary", alert.annotations().get("summary"));
    json.writeFieldName("labels");
    Json.labels(json, alert.labels());
    json.writeFieldName("annotations");
    Json.labels(json, alert.annotations());
    Json.time(json, "activeAt", alert.activeAt());
    Json.time(json, "firedAt", alert.firedAt());
    Json.time(json, "resolvedAt", alert.resolvedAt());
    Json.time(json, "knownAt", alert.knownAt());
    json.writeStringField("value", Numbers.json(alert.value()));
    json.writeStringField("rule", alert.rule());
    json.writeArrayFieldStart("receivers");
    for (String receiver : routing.get().receiversOf(alert.labels())) {
      json.writeString(receiver);
    }
    json.writeEndArray();
    if (events) {
      write(json, "events", alert.events());
      write(json, "around", around(alert));
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, List<Event> events)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (Event event : events) {
      json.writeStartObject();
      EventJson.fields(json, event);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /**
   * What else happened on its node when it began, notice or worse: also for alerts that no event
   * made. What another unit or target tells of itself is left out.
   */
  private List<Event> around(Alert alert) {
    if (alert.node().isEmpty()) {
      return List.of();
    }
    List<LabelMatcher> matchers = new ArrayList<>();
    matchers.add(LabelMatcher.equal("node", alert.node()));
    matchers.add(EventQuery.atLeast("notice"));
    for (String name : SAME) {
      if (alert.labels().has(name)) {
        // The event's own, or none.
        matchers.add(
            new LabelMatcher(
                LabelMatcher.Op.REGEX, name, "|" + Pattern.quote(alert.labels().get(name))));
      }
    }
    Instant began = alert.activeAt();
    EventQuery query =
        new EventQuery(began.minus(BEFORE), began.plus(AFTER), matchers, "", MOST_AROUND, "");
    try {
      return events.search(query).events().stream()
          .map(StoredEvent::event)
          .filter(event -> !alert.events().contains(event))
          .toList();
    } catch (IllegalStateException tookTooLong) {
      return List.of(); // the alert itself matters more
    }
  }
}
