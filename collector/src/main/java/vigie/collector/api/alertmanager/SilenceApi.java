package vigie.collector.api.alertmanager;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.api.Author;
import vigie.collector.api.Json;
import vigie.collector.api.alertmanager.Guarded.Misfit;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.LabelMatcher.Op;
import vigie.collector.silence.Silence;
import vigie.collector.silence.SilenceException;
import vigie.collector.silence.SilenceState;
import vigie.collector.silence.Silences;

/**
 * Alertmanager's silences, with two fields more: {@code untilBack}, the node whose return ends a
 * silence, and {@code ended}, what did end it.
 */
final class SilenceApi {
  private static final String WHAT = "silence";
  private static final String FAILED = "Failed to create silence: ";
  private static final String INVALID = "invalid silence: invalid label matcher ";
  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private final Silences silences;
  private final Clock clock;

  SilenceApi(Silences silences, Clock clock) {
    this.silences = silences;
    this.clock = clock;
  }

  void routes(Routes routes) {
    routes.get("/api/v2/silences", Guarded.of(this::list));
    routes.post("/api/v2/silences", Guarded.taking(this::set));
    routes.get("/api/v2/silence/{id}", Guarded.of(this::one));
    routes.on("DELETE", "/api/v2/silence/{id}", Guarded.of(this::expire));
  }

  private HttpAnswer list(HttpRequest request) {
    List<LabelMatcher> filters = AlertFilters.matchers(request);
    Instant now = clock.now();
    List<Silence> found =
        silences.list().stream()
            // One that has each of these matchers, as it stands there.
            .filter(each -> each.matchers().containsAll(filters))
            .sorted(order(now))
            .toList();
    return Json.answer(
        200,
        json -> {
          json.writeStartArray();
          for (Silence each : found) {
            write(json, each, now);
          }
          json.writeEndArray();
        });
  }

  /** Active ones by their end, then those to come by their start, then the newest that are over. */
  private static Comparator<Silence> order(Instant now) {
    Comparator<Silence> byTime =
        (a, b) ->
            switch (a.stateAt(now)) {
              case ACTIVE -> a.endsAt().compareTo(b.endsAt());
              case PENDING -> a.startsAt().compareTo(b.startsAt());
              case EXPIRED -> b.endsAt().compareTo(a.endsAt());
            };
    return Comparator.comparing((Silence each) -> rank(each.stateAt(now)))
        .thenComparing(byTime)
        .thenComparing(Silence::id);
  }

  private static int rank(SilenceState state) {
    return state == SilenceState.ACTIVE ? 0 : state == SilenceState.PENDING ? 1 : 2;
  }

  private HttpAnswer one(HttpRequest request) {
    Optional<Silence> found = silences.find(id(request));
    return found.isEmpty()
        ? Guarded.empty(404)
        : Json.answer(200, json -> write(json, found.get(), clock.now()));
  }

  private HttpAnswer expire(HttpRequest request) {
    try {
      String by = Author.of(request, request.parameter("by"));
      silences.expire(id(request), by.isEmpty() ? "expired" : "expired by " + by);
    } catch (SilenceException e) {
      if (e.kind() == SilenceException.Kind.NOT_FOUND) {
        return Guarded.empty(404);
      }
      // It is over, which is what was wanted.
    }
    return Guarded.empty(200);
  }

  private static String id(HttpRequest request) {
    String id = request.variable("id");
    if (!UUID.matcher(id).matches()) {
      throw new Misfit(422, 601, "silenceID in path must be of type uuid: \"" + id + "\"");
    }
    return id;
  }

  private HttpAnswer set(HttpRequest request) {
    JsonNode body = Body.read(request, WHAT);
    if (!body.isObject()) {
      throw Body.unread(WHAT, "it is no silence");
    }
    for (String field : List.of("comment", "createdBy", "endsAt", "matchers", "startsAt")) {
      if (body.path(field).isMissingNode() || body.path(field).isNull()) {
        throw Misfit.required(field);
      }
    }
    List<LabelMatcher> matchers = matchers(body.path("matchers"));
    String id = Body.text(body, "id", WHAT);
    String known = id == null ? "" : id;
    String by = Body.text(body, "createdBy", WHAT);
    String comment = Body.text(body, "comment", WHAT);
    Instant start = Body.time(body, "startsAt", WHAT);
    Instant end = Body.time(body, "endsAt", WHAT);
    if (end == null) {
      throw new HttpFault(400, FAILED + "end time can't be in the past");
    }
    Silence wanted =
        Silence.wanted(
                matchers,
                start == null ? clock.now() : start,
                end,
                Author.of(request, by == null ? "" : by),
                comment == null ? "" : comment)
            .withId(known)
            .untilBack(untilBack(body, known));
    Silence made;
    try {
      made = silences.set(wanted);
    } catch (SilenceException e) {
      throw e.kind() == SilenceException.Kind.NOT_FOUND
          ? new HttpFault(404, "silence not found")
          : new HttpFault(400, FAILED + e.getMessage());
    }
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeStringField("silenceID", made.id());
          json.writeEndObject();
        });
  }

  /** A client that knows nothing of it changes nothing of it. */
  private String untilBack(JsonNode body, String id) {
    String node = Body.text(body, "untilBack", WHAT);
    return node != null ? node : silences.find(id).map(Silence::untilBack).orElse("");
  }

  private static List<LabelMatcher> matchers(JsonNode all) {
    if (!all.isArray()) {
      throw Misfit.required("matchers");
    }
    if (all.isEmpty()) {
      throw new Misfit(422, 612, "matchers in body should have at least 1 items");
    }
    List<LabelMatcher> matchers = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      JsonNode matcher = all.get(i);
      String name = Body.text(matcher, "name", WHAT);
      String value = Body.text(matcher, "value", WHAT);
      if (name == null || value == null || !matcher.path("isRegex").isBoolean()) {
        boolean regex = matcher.path("isRegex").isBoolean();
        String missing = !regex ? "isRegex" : name == null ? "name" : "value";
        throw Misfit.required("matchers." + i + "." + missing);
      }
      boolean equal = matcher.path("isEqual").asBoolean(true);
      boolean regex = matcher.path("isRegex").asBoolean();
      Op op = regex ? equal ? Op.REGEX : Op.NOT_REGEX : equal ? Op.EQUAL : Op.NOT_EQUAL;
      if (name.isEmpty()) {
        throw new HttpFault(400, INVALID + i + ": invalid label name \"\"");
      }
      try {
        matchers.add(new LabelMatcher(op, name, value));
      } catch (IllegalArgumentException e) {
        throw new HttpFault(400, INVALID + i + ": " + e.getMessage());
      }
    }
    return matchers;
  }

  private static void write(JsonGenerator json, Silence silence, Instant now) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", silence.id());
    json.writeObjectFieldStart("status");
    json.writeStringField("state", silence.stateAt(now).word());
    json.writeEndObject();
    Json.time(json, "updatedAt", silence.updatedAt());
    json.writeStringField("comment", silence.comment());
    json.writeStringField("createdBy", silence.createdBy());
    Json.time(json, "endsAt", silence.endsAt());
    json.writeArrayFieldStart("matchers");
    for (LabelMatcher matcher : silence.matchers()) {
      json.writeStartObject();
      json.writeBooleanField("isEqual", matcher.op() == Op.EQUAL || matcher.op() == Op.REGEX);
      json.writeBooleanField("isRegex", matcher.op() == Op.REGEX || matcher.op() == Op.NOT_REGEX);
      json.writeStringField("name", matcher.name());
      json.writeStringField("value", matcher.value());
      json.writeEndObject();
    }
    json.writeEndArray();
    Json.time(json, "startsAt", silence.startsAt());
    if (!silence.untilBack().isEmpty()) {
      json.writeStringField("untilBack", silence.untilBack());
    }
    if (!silence.ended().isEmpty()) {
      json.writeStringField("ended", silence.ended());
    }
    json.writeEndObject();
  }
}
