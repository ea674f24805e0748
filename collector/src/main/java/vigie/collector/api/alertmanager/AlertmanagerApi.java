package vigie.collector.api.alertmanager;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Supplier;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.api.Filters;
import vigie.collector.api.Json;
import vigie.collector.dispatch.Dispatcher;
import vigie.collector.dispatch.Notification;
import vigie.collector.dispatch.Routing;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Regex;

/**
 * What Alertmanager's API v2 says of firing alerts; there are no silences and no inhibition yet, so
 * every alert is active. Source: Alertmanager's OpenAPI description of v2.
 */
public final class AlertmanagerApi {
  /** Alertmanager's clients want an end; like Prometheus we say "unless told again by then". */
  private static final Duration ENDS_AFTER = Duration.ofMinutes(4);

  private final Supplier<List<Alert>> alerts;
  private final Dispatcher dispatcher;
  private final Supplier<Routing> routing;
  private final Clock clock;
  private final Instant started;
  private final String version;

  /**
   * @param alerts what the rules know now, in all states
   */
  public AlertmanagerApi(
      Supplier<List<Alert>> alerts,
      Dispatcher dispatcher,
      Supplier<Routing> routing,
      Clock clock,
      String version) {
    this.alerts = alerts;
    this.dispatcher = dispatcher;
    this.routing = routing;
    this.clock = clock;
    this.started = clock.now();
    this.version = version;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/v2/alerts", this::alerts);
    routes.get("/api/v2/alerts/groups", this::groups);
    routes.get("/api/v2/receivers", this::receivers);
    routes.get("/api/v2/silences", request -> HttpAnswer.of(200, HttpAnswer.JSON, "[]"));
    routes.get("/api/v2/status", this::status);
  }

  private HttpAnswer alerts(HttpRequest request) {
    List<LabelMatcher> matchers = Filters.matchers(request);
    Regex receiver = receiverOf(request);
    boolean active = !request.parameter("active").equals("false");
    List<Alert> found =
        alerts.get().stream()
            .filter(
                a ->
                    active && a.state() == AlertState.FIRING && Filters.match(matchers, a.labels()))
            .filter(
                a ->
                    receiver == null
                        || dispatcher.receiversOf(a.labels()).stream().anyMatch(receiver::matches))
            .sorted(java.util.Comparator.comparing(Alert::fingerprint))
            .toList();
    return Json.answer(
        200,
        json -> {
          json.writeStartArray();
          for (Alert alert : found) {
            alert(json, alert, dispatcher.receiversOf(alert.labels()));
          }
          json.writeEndArray();
        });
  }

  private static @org.jspecify.annotations.Nullable Regex receiverOf(HttpRequest request) {
    String text = request.parameter("receiver");
    try {
      return text.isEmpty() ? null : Regex.of(text);
    } catch (IllegalArgumentException e) {
      throw new HttpFault(400, "failed to parse receiver param: " + e.getMessage());
    }
  }

  private HttpAnswer groups(HttpRequest request) {
    List<LabelMatcher> matchers = Filters.matchers(request);
    List<Notification> groups = dispatcher.groups(g -> !g.isResolved());
    return Json.answer(
        200,
        json -> {
          json.writeStartArray();
          for (Notification group : groups) {
            List<Alert> firing =
                group.in(AlertState.FIRING).stream()
                    .filter(a -> Filters.match(matchers, a.labels()))
                    .toList();
            if (firing.isEmpty()) {
              continue;
            }
            json.writeStartObject();
            json.writeArrayFieldStart("alerts");
            for (Alert alert : firing) {
              alert(json, alert, List.of(group.receiver()));
            }
            json.writeEndArray();
            json.writeFieldName("labels");
            Json.labels(json, group.groupLabels());
            json.writeObjectFieldStart("receiver");
            json.writeStringField("name", group.receiver());
            json.writeEndObject();
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  private HttpAnswer receivers(HttpRequest request) {
    return Json.answer(200, json -> names(json, new TreeSet<>(routing.get().receivers().keySet())));
  }

  private HttpAnswer status(HttpRequest request) {
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeObjectFieldStart("cluster");
          json.writeStringField("status", "disabled");
          json.writeArrayFieldStart("peers");
          json.writeEndArray();
          json.writeEndObject();
          json.writeObjectFieldStart("config");
          json.writeStringField("original", "");
          json.writeEndObject();
          Json.time(json, "uptime", started);
          json.writeObjectFieldStart("versionInfo");
          for (String field :
              List.of("branch", "buildDate", "buildUser", "goVersion", "revision")) {
            json.writeStringField(field, "");
          }
          json.writeStringField("version", version);
          json.writeEndObject();
          json.writeEndObject();
        });
  }

  private void alert(JsonGenerator json, Alert alert, Collection<String> receivers)
      throws IOException {
    json.writeStartObject();
    json.writeFieldName("annotations");
    Json.labels(json, alert.annotations());
    Json.time(json, "endsAt", clock.now().plus(ENDS_AFTER));
    json.writeStringField("fingerprint", alert.fingerprint());
    json.writeFieldName("receivers");
    names(json, receivers);
    Json.time(json, "startsAt", alert.firedAt());
    json.writeObjectFieldStart("status");
    for (String field : List.of("inhibitedBy", "mutedBy", "silencedBy")) {
      json.writeArrayFieldStart(field);
      json.writeEndArray();
    }
    json.writeStringField("state", "active");
    json.writeEndObject();
    Json.time(json, "updatedAt", alert.knownAt());
    json.writeStringField("generatorURL", "");
    json.writeFieldName("labels");
    Json.labels(json, alert.labels());
    json.writeEndObject();
  }

  private static void names(JsonGenerator json, Collection<String> names) throws IOException {
    json.writeStartArray();
    for (String name : names) {
      json.writeStartObject();
      json.writeStringField("name", name);
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
