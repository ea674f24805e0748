package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertHistory;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.api.Filters;
import vigie.collector.api.Json;
import vigie.collector.dispatch.AlertMark;
import vigie.collector.dispatch.Routing;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.StoredEvent;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.outbox.Outbox;
import vigie.collector.outbox.PendingCard;
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
  private static final int MOST_ENTRIES = 1000;
  private static final Pattern ID = Pattern.compile("[0-9a-f]{16}");

  private final Supplier<List<Alert>> alerts;
  private final Supplier<Routing> routing;
  private final Function<String, AlertMark> marks;
  private final AlertHistory history;
  private final Outbox outbox;
  private final EventStore events;
  private final Clock clock;

  /**
   * @param alerts all that are known now, in all states
   * @param routing what is in force now
   * @param marks what stands beside a firing alert, by its fingerprint
   * @param history what happened to alerts
   * @param outbox asked for cards that wait
   * @param events where to look for what else happened
   */
  public AlertsApi(
      Supplier<List<Alert>> alerts,
      Supplier<Routing> routing,
      Function<String, AlertMark> marks,
      AlertHistory history,
      Outbox outbox,
      EventStore events,
      Clock clock) {
    this.alerts = alerts;
    this.routing = routing;
    this.marks = marks;
    this.history = history;
    this.outbox = outbox;
    this.events = events;
    this.clock = clock;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/vigie/alerts", this::list);
    routes.get("/api/vigie/alerts/{fingerprint}", this::one);
    routes.get("/api/vigie/alerts/{fingerprint}/report", this::report);
  }

  private HttpAnswer list(HttpRequest request) {
    List<String> states = request.parameters("state");
    List<LabelMatcher> matchers = Filters.matchers(request);
    Instant since = Filters.time(request, "since", clock.now(), Instant.MIN);
    List<Alert> found =
        alerts.get().stream()
            .filter(a -> Filters.match(matchers, a.labels()))
            .filter(a -> !a.since().isBefore(since))
            .filter(a -> states.isEmpty() || isOneOf(a, states))
            .sorted(Comparator.comparing(Alert::since).reversed().thenComparing(Alert::labels))
            .toList();
    Map<String, String> cards = waitingCards();
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("alerts");
          for (Alert alert : found) {
            write(json, alert, cards, List.of(), false);
          }
          json.writeEndArray();
          json.writeEndObject();
        });
  }

  /**
   * A fingerprint, or as many of its first digits as tell it from the others; a whole one also of
   * an alert that is long over.
   */
  private HttpAnswer one(HttpRequest request) {
    Found found = find(request);
    Map<String, String> cards = waitingCards();
    return Json.answer(200, json -> write(json, found.alert, cards, found.story, true));
  }

  /** An alert with its history, the oldest first. */
  private record Found(Alert alert, List<HistoryEntry> story) {}

  private Found find(HttpRequest request) {
    String wanted = request.variable("fingerprint");
    List<Alert> found =
        alerts.get().stream().filter(a -> a.fingerprint().startsWith(wanted)).toList();
    if (found.size() > 1 && !wanted.isEmpty()) {
      throw new HttpFault(
          409, found.size() + " alerts have ids that begin with " + wanted + "; give more of it");
    }
    boolean known = found.size() == 1 && !wanted.isEmpty();
    String id = known ? found.get(0).fingerprint() : wanted;
    List<HistoryEntry> story = ID.matcher(id).matches() ? history.of(id, MOST_ENTRIES) : List.of();
    Alert alert = known ? found.get(0) : past(AlertReport.lastOf(story));
    if (alert == null) {
      throw new HttpFault(404, "no alert has the id " + wanted);
    }
    return new Found(alert, story);
  }

  /** What happened the last time, for who was not there. */
  private HttpAnswer report(HttpRequest request) {
    ZoneId zone;
    try {
      String wanted = request.parameter("zone");
      zone = wanted.isEmpty() ? ZoneOffset.UTC : ZoneId.of(wanted);
    } catch (DateTimeException e) {
      throw new HttpFault(400, "zone is none that is known; write Europe/Paris");
    }
    Found found = find(request);
    List<Event> all = new ArrayList<>(found.alert.events());
    all.addAll(around(found.alert));
    boolean french = request.parameter("lang").equals("fr");
    String text =
        new AlertReport(found.alert, AlertReport.lastOf(found.story), all, zone, french).markdown();
    return HttpAnswer.of(200, "text/markdown; charset=utf-8", text)
        .with(
            "content-disposition",
            "inline; filename=\"incident-" + found.alert.fingerprint() + ".md\"");
  }

  /** An alert of which only the history is left; null where there is none. */
  private static @Nullable Alert past(List<HistoryEntry> story) {
    HistoryEntry last = null;
    HistoryEntry fired = null;
    for (HistoryEntry entry : story) {
      last = entry.labels().isEmpty() ? last : entry;
      fired = entry.kind() == HistoryKind.FIRING ? entry : fired;
    }
    if (last == null) {
      return null;
    }
    String summary = fired == null ? "" : fired.text();
    return new Alert(
        last.labels(),
        summary.isEmpty() ? Labels.EMPTY : Labels.of("summary", summary),
        AlertState.RESOLVED,
        story.get(0).at(),
        fired == null ? null : fired.at(),
        last.at(),
        last.at(),
        Double.NaN,
        "",
        List.of());
  }

  /** Of alerts whose card has not reached its receiver: how that stands, by fingerprint. */
  private Map<String, String> waitingCards() {
    Map<String, String> cards = new HashMap<>();
    for (PendingCard card : outbox.pending()) {
      String state = card.state().name().toLowerCase(Locale.ROOT);
      card.wanted().alerts().forEach(alert -> cards.putIfAbsent(alert.fingerprint(), state));
    }
    return cards;
  }

  /** {@code waiting}, {@code sending}, {@code retrying}, {@code stuck}, {@code shown} or none. */
  private String card(Alert alert, AlertMark mark, Map<String, String> waiting) {
    String state = waiting.get(alert.fingerprint());
    if (state != null) {
      return state;
    }
    return alert.state() == AlertState.FIRING && !mark.isSuppressed() ? "shown" : "";
  }

  private boolean isOneOf(Alert alert, List<String> words) {
    return words.contains(stateOf(alert))
        || words.contains(statusOf(alert))
        || (words.contains("active") && alert.state() != AlertState.RESOLVED);
  }

  /** The one word that says most: of an alert that fires, why nobody is called for it. */
  private String statusOf(Alert alert) {
    if (alert.state() != AlertState.FIRING) {
      return stateOf(alert);
    }
    AlertMark mark = marks.apply(alert.fingerprint());
    return !mark.silenced().isEmpty()
        ? "silenced"
        : !mark.inhibitedBy().isEmpty()
            ? "inhibited"
            : !mark.mutedBy().isEmpty()
                ? "muted"
                : mark.acknowledged() != null
                    ? "acknowledged"
                    : mark.flapping() != null ? "flapping" : "firing";
  }

  private static String stateOf(Alert alert) {
    return alert.state().name().toLowerCase(Locale.ROOT);
  }

  private void write(
      JsonGenerator json,
      Alert alert,
      Map<String, String> cards,
      List<HistoryEntry> story,
      boolean whole)
      throws IOException {
    AlertMark mark =
        alert.state() == AlertState.FIRING ? marks.apply(alert.fingerprint()) : AlertMark.NONE;
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
    json.writeStringField("card", card(alert, mark, cards));
    json.writeFieldName("silencedBy");
    Json.texts(json, mark.silenced().stream().map(AlertMark.Silenced::id).toList());
    json.writeFieldName("inhibitedBy");
    Json.texts(json, mark.inhibitedBy());
    json.writeFieldName("mutedBy");
    Json.texts(json, mark.mutedBy());
    AlertMark.Acked acked = mark.acknowledged();
    json.writeFieldName("acknowledged");
    if (acked == null) {
      json.writeNull();
    } else {
      json.writeStartObject();
      json.writeStringField("by", acked.by());
      Json.time(json, "at", acked.at());
      json.writeStringField("note", acked.note());
      json.writeEndObject();
    }
    AlertMark.Flapping flapping = mark.flapping();
    json.writeNumberField("flapping", flapping == null ? 0 : flapping.times());
    if (whole) {
      json.writeArrayFieldStart("history");
      for (HistoryEntry entry : story) {
        AlertActionsApi.write(json, entry);
      }
      json.writeEndArray();
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
