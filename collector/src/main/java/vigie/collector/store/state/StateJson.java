package vigie.collector.store.state;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;

/**
 * The nouns as JSON, the values of the {@link StateLog}. A field that is missing reads as empty, so
 * that a later version can add some.
 */
final class StateJson {
  private static final Logger log = LoggerFactory.getLogger(StateJson.class);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private StateJson() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("BUG: a tree that is no JSON", e);
    }
  }

  /**
   * @throws UncheckedIOException if this is no JSON
   */
  static JsonNode parse(byte[] bytes) {
    try {
      return MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("kept state is no JSON: " + e.getMessage(), e);
    }
  }

  static <T> ArrayNode array(List<T> all, Function<T, ? extends JsonNode> write) {
    ArrayNode array = MAPPER.createArrayNode();
    all.forEach(each -> array.add(write.apply(each)));
    return array;
  }

  static <T> List<T> list(JsonNode array, Function<JsonNode, T> read) {
    List<T> all = new ArrayList<>();
    array.forEach(each -> all.add(read.apply(each)));
    return all;
  }

  /** Every value under the prefix; what cannot be read is left out and logged. */
  static <T> List<T> readAll(StateLog states, String prefix, Function<JsonNode, T> read) {
    List<T> all = new ArrayList<>();
    for (String key : states.keys(prefix)) {
      byte[] value = states.get(key);
      if (value == null) {
        continue;
      }
      try {
        all.add(read.apply(parse(value)));
      } catch (RuntimeException e) {
        log.error("cannot read kept state, it is left out key={} cause={}", key, e.getMessage());
      }
    }
    return all;
  }

  static ObjectNode labels(Labels labels) {
    ObjectNode node = object();
    for (int i = 0; i < labels.size(); i++) {
      node.put(labels.name(i), labels.value(i));
    }
    return node;
  }

  static Labels labels(JsonNode node) {
    return Labels.of(strings(node));
  }

  static @Nullable String text(@Nullable Instant time) {
    return time == null ? null : time.toString();
  }

  static @Nullable Instant optionalInstant(JsonNode node) {
    return node.isTextual() ? Instant.parse(node.textValue()) : null;
  }

  static Instant instant(JsonNode node) {
    return Instant.parse(node.asText());
  }

  static ObjectNode alert(Alert alert) {
    ObjectNode node = object();
    node.set("labels", labels(alert.labels()));
    node.set("annotations", labels(alert.annotations()));
    return node.put("state", alert.state().name())
        .put("activeAt", text(alert.activeAt()))
        .put("firedAt", text(alert.firedAt()))
        .put("resolvedAt", text(alert.resolvedAt()))
        .put("knownAt", text(alert.knownAt()))
        .put("value", Double.toString(alert.value()))
        .put("rule", alert.rule())
        .put("keptSince", text(alert.keptSince()))
        .set("events", array(alert.events(), StateJson::event));
  }

  static Alert alert(JsonNode node) {
    return new Alert(
        labels(node.path("labels")),
        labels(node.path("annotations")),
        AlertState.valueOf(node.path("state").asText()),
        instant(node.path("activeAt")),
        optionalInstant(node.path("firedAt")),
        optionalInstant(node.path("resolvedAt")),
        instant(node.path("knownAt")),
        Double.parseDouble(node.path("value").asText("NaN")),
        node.path("rule").asText(),
        list(node.path("events"), StateJson::event),
        optionalInstant(node.path("keptSince")));
  }

  static ObjectNode event(Event event) {
    ObjectNode node =
        object()
            .put("time", text(event.time()))
            .put("received", text(event.received()))
            .put("node", event.node())
            .put("facility", event.facility())
            .put("severity", event.severity())
            .put("app", event.app())
            .put("type", event.type())
            .put("text", event.text());
    ObjectNode fields = node.putObject("fields");
    event.fields().forEach(fields::put);
    Event.Origin origin = event.origin();
    if (origin != null) {
      node.putObject("origin")
          .put("spool", origin.spool())
          .put("seq", origin.seq())
          .put("boot", origin.boot());
    }
    return node;
  }

  static Event event(JsonNode node) {
    JsonNode origin = node.path("origin");
    return new Event(
        instant(node.path("time")),
        instant(node.path("received")),
        node.path("node").asText(),
        node.path("facility").asInt(),
        node.path("severity").asInt(),
        node.path("app").asText(),
        node.path("type").asText(),
        strings(node.path("fields")),
        node.path("text").asText(),
        origin.isObject()
            ? new Event.Origin(
                origin.path("spool").asText(),
                origin.path("seq").asLong(),
                origin.path("boot").asText())
            : null);
  }

  private static Map<String, String> strings(JsonNode node) {
    Map<String, String> all = new LinkedHashMap<>();
    node.properties().forEach(pair -> all.put(pair.getKey(), pair.getValue().asText()));
    return all;
  }
}
