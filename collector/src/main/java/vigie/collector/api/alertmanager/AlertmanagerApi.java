package vigie.collector.api.alertmanager;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.PostedAlert;
import vigie.collector.alert.PostedAlerts;
import vigie.collector.api.Json;
import vigie.collector.dispatch.AlertMark;
import vigie.collector.dispatch.Route;
import vigie.collector.dispatch.Routing;
import vigie.collector.label.Labels;
import vigie.collector.silence.Silences;

/**
 * Alertmanager's API v2 over firing alerts, those of the rules and those that others post. Source:
 * Alertmanager's OpenAPI description of v2.
 */
public final class AlertmanagerApi {
  /** Alertmanager's clients want an end; like Prometheus we say "unless told again by then". */
  private static final Duration ENDS_AFTER = Duration.ofMinutes(4);

  private static final int MOST_ROUTED = 50_000;

  private final Supplier<List<Alert>> alerts;
  private final PostedAlerts posted;
  private final Silences silences;
  private final SilenceApi silenceApi;
  private final Function<String, AlertMark> marks;
  private final Supplier<Routing> routing;
  private final Supplier<String> configuration;
  private final Clock clock;
  private final Instant started;
  private final String version;
  private volatile Routed routed;

  /** Where the labels that were asked for so far go by these routes. */
  private record Routed(Routing by, Map<Labels, List<Route>> known) {
    List<Route> routes(Labels labels) {
      List<Route> routes = known.get(labels);
      if (routes == null) {
        routes = by.root().match(labels);
        if (known.size() >= MOST_ROUTED) {
          known.clear();
        }
        known.put(labels, routes);
      }
      return routes;
    }

    List<String> receivers(Labels labels) {
      List<Route> routes = routes(labels);
      return routes.size() == 1
          ? List.of(routes.get(0).receiver())
          : routes.stream().map(Route::receiver).distinct().toList();
    }
  }

  /** A firing alert with what the answer needs of it. */
  private record Found(
      Alert alert, String fingerprint, AlertStanding standing, List<String> receivers) {}

  /** The alerts that a route groups together. */
  private record Group(String receiver, Labels labels, List<Found> alerts) {}

  /**
   * @param alerts all that are known now, in all states
   * @param marks what holds an alert back, by its fingerprint; silences are asked themselves, since
   *     whoever has set one looks at once
   * @param configuration what is in force, without secrets, as {@code alertmanager.yml} would say
   *     it
   */
  public AlertmanagerApi(
      Supplier<List<Alert>> alerts,
      PostedAlerts posted,
      Silences silences,
      Function<String, AlertMark> marks,
      Supplier<Routing> routing,
      Supplier<String> configuration,
      Clock clock,
      String version) {
    this.alerts = alerts;
    this.posted = posted;
    this.silences = silences;
    this.silenceApi = new SilenceApi(silences, clock);
    this.marks = marks;
    this.routing = routing;
    this.configuration = configuration;
    this.clock = clock;
    this.started = clock.now();
    this.version = version;
    this.routed = new Routed(routing.get(), new ConcurrentHashMap<>());
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/v2/alerts", Guarded.of(this::alerts));
    routes.post("/api/v2/alerts", Guarded.taking(new PostApi(posted)::post));
    routes.get("/api/v2/alerts/groups", Guarded.of(this::groups));
    routes.get("/api/v2/receivers", this::receivers);
    routes.get("/api/v2/status", this::status);
    silenceApi.routes(routes);
  }

  private HttpAnswer alerts(HttpRequest request) {
    List<Found> found = found(new AlertFilters(request), routed());
    found.sort(Comparator.comparing(Found::fingerprint));
    Instant now = clock.now();
    return Json.answer(
        200,
        json -> {
          json.writeStartArray();
          for (Found each : found) {
            alert(json, each, now);
          }
          json.writeEndArray();
        });
  }

  private Routed routed() {
    Routing now = routing.get();
    Routed known = routed;
    if (!known.by().equals(now)) {
      known = new Routed(now, new ConcurrentHashMap<>());
      routed = known;
    }
    return known;
  }

  private List<Found> found(AlertFilters filters, Routed routed) {
    List<Found> found = new ArrayList<>();
    for (Alert alert : alerts.get()) {
      if (alert.state() != AlertState.FIRING || !filters.takes(alert.labels())) {
        continue;
      }
      List<String> receivers = routed.receivers(alert.labels());
      if (!filters.takes(receivers)) {
        continue;
      }
      String fingerprint = alert.fingerprint();
      AlertStanding standing =
          AlertStanding.of(silences.silencing(alert.labels()), marks.apply(fingerprint));
      if (filters.takes(standing)) {
        found.add(new Found(alert, fingerprint, standing, receivers));
      }
    }
    return found;
  }

  private HttpAnswer groups(HttpRequest request) {
    AlertFilters filters = new AlertFilters(request);
    Routed by = routed();
    Map<String, Group> groups = new HashMap<>();
    for (Found each : found(filters, by)) {
      for (Route route : by.routes(each.alert().labels())) {
        if (filters.takes(List.of(route.receiver()))) {
          Labels labels = route.groupLabels(each.alert().labels());
          groups
              .computeIfAbsent(
                  route.groupKey(labels),
                  key -> new Group(route.receiver(), labels, new ArrayList<>()))
              .alerts()
              .add(each);
        }
      }
    }
    List<Group> sorted = new ArrayList<>(groups.values());
    sorted.sort(Comparator.comparing(Group::labels).thenComparing(Group::receiver));
    sorted.forEach(group -> group.alerts().sort(Comparator.comparing(Found::fingerprint)));
    Instant now = clock.now();
    return Json.answer(
        200,
        json -> {
          json.writeStartArray();
          for (Group group : sorted) {
            json.writeStartObject();
            json.writeArrayFieldStart("alerts");
            for (Found each : group.alerts()) {
              alert(json, each, now);
            }
            json.writeEndArray();
            json.writeFieldName("labels");
            Json.labels(json, group.labels());
            json.writeFieldName("receiver");
            name(json, group.receiver());
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
          json.writeStringField("original", configuration.get());
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

  private void alert(JsonGenerator json, Found found, Instant now) throws IOException {
    Alert alert = found.alert();
    AlertStanding standing = found.standing();
    PostedAlert post = alert.rule().isEmpty() ? posted.find(found.fingerprint()) : null;
    json.writeStartObject();
    json.writeFieldName("annotations");
    Json.labels(json, alert.annotations());
    Json.time(json, "endsAt", post == null ? now.plus(ENDS_AFTER) : post.endsAt());
    json.writeStringField("fingerprint", found.fingerprint());
    json.writeFieldName("receivers");
    names(json, found.receivers());
    Json.time(json, "startsAt", alert.firedAt());
    json.writeObjectFieldStart("status");
    texts(json, "inhibitedBy", standing.inhibitedBy());
    texts(json, "mutedBy", standing.mutedBy());
    texts(json, "silencedBy", standing.silencedBy());
    json.writeStringField("state", standing.isSuppressed() ? "suppressed" : "active");
    json.writeEndObject();
    Json.time(json, "updatedAt", alert.knownAt());
    if (post != null && !post.generatorUrl().isEmpty()) {
      json.writeStringField("generatorURL", post.generatorUrl());
    }
    json.writeFieldName("labels");
    Json.labels(json, alert.labels());
    json.writeEndObject();
  }

  private static void texts(JsonGenerator json, String field, List<String> texts)
      throws IOException {
    json.writeFieldName(field);
    Json.texts(json, texts);
  }

  private static void names(JsonGenerator json, Collection<String> names) throws IOException {
    json.writeStartArray();
    for (String name : names) {
      name(json, name);
    }
    json.writeEndArray();
  }

  private static void name(JsonGenerator json, String name) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", name);
    json.writeEndObject();
  }
}
