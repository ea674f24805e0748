package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.api.Json;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.StoredEvent;

/** Events as JSON objects; what is written with the record as it came is read back wholly. */
public final class EventJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private EventJson() {}

  static void write(JsonGenerator json, StoredEvent stored, boolean withRaw) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", stored.id());
    fields(json, stored.event());
    if (!stored.imported().isEmpty()) {
      json.writeStringField("imported", stored.imported());
    }
    if (withRaw) {
      raw(json, stored.raw());
    }
    json.writeEndObject();
  }

  /** As text where it is UTF-8. */
  private static void raw(JsonGenerator json, ByteBuffer raw) throws IOException {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(raw.duplicate()).toString();
      json.writeStringField("raw", text);
    } catch (CharacterCodingException e) {
      byte[] bytes = new byte[raw.remaining()];
      raw.duplicate().get(bytes);
      json.writeStringField("raw_base64", Base64.getEncoder().encodeToString(bytes));
    }
  }

  /** The fields of an event, without the braces. */
  static void fields(JsonGenerator json, Event event) throws IOException {
    Json.micros(json, "time", event.time());
    Json.micros(json, "received", event.received());
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

  /**
   * The events of lines, of which empty ones are left out.
   *
   * @throws IllegalArgumentException that says which line is wrong, counted from 1
   */
  public static List<StoredEvent> readLines(List<String> lines) {
    List<StoredEvent> events = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank()) {
        continue;
      }
      try {
        events.add(read(JSON.readTree(lines.get(i))));
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException("line " + (i + 1) + ": " + e.getOriginalMessage(), e);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line " + (i + 1) + ": " + e.getMessage(), e);
      }
    }
    return events;
  }

  /**
   * What {@link #write} wrote, the record as it came included.
   *
   * @throws IllegalArgumentException that says what is wrong
   */
  static StoredEvent read(JsonNode json) {
    if (!json.isObject()) {
      throw new IllegalArgumentException("no JSON object");
    }
    int severity = EventQuery.SEVERITIES.indexOf(text(json, "severity"));
    if (severity < 0) {
      throw new IllegalArgumentException("\"severity\" is none of syslog's");
    }
    Map<String, String> fields = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : json.path("fields").properties()) {
      fields.put(field.getKey(), field.getValue().asText());
    }
    Event event =
        new Event(
            time(json, "time"),
            time(json, "received"),
            text(json, "node"),
            json.path("facility").asInt(-1),
            severity,
            text(json, "app"),
            text(json, "type"),
            fields,
            text(json, "text"),
            origin(json));
    String id = json.path("imported").asText("");
    return new StoredEvent(id.isEmpty() ? text(json, "id") : id, event, raw(json), "");
  }

  private static Event.@Nullable Origin origin(JsonNode json) {
    return json.has("spool")
        ? new Event.Origin(text(json, "spool"), json.path("seq").asLong(), text(json, "boot"))
        : null;
  }

  private static ByteBuffer raw(JsonNode json) {
    return ByteBuffer.wrap(
        json.has("raw_base64")
            ? Base64.getDecoder().decode(text(json, "raw_base64"))
            : json.path("raw").asText("").getBytes(StandardCharsets.UTF_8));
  }

  private static String text(JsonNode json, String name) {
    JsonNode value = json.path(name);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("\"" + name + "\" is missing or no text");
    }
    return value.asText();
  }

  private static Instant time(JsonNode json, String name) {
    try {
      return OffsetDateTime.parse(text(json, name)).toInstant();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("\"" + name + "\" is no time", e);
    }
  }
}
