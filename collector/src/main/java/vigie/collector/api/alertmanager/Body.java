package vigie.collector.api.alertmanager;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpRequest;
import vigie.collector.api.alertmanager.Guarded.Misfit;
import vigie.collector.label.Labels;

/** Reads what is sent to the API. */
final class Body {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Go's zero time: clients in Go send it where they mean none. */
  private static final Instant NONE = Instant.parse("0001-01-01T00:00:00Z");

  /** RFC 3339 has years of four digits. */
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");

  private Body() {}

  /**
   * @param what the body is, for the message
   */
  static JsonNode read(HttpRequest request, String what) {
    try {
      JsonNode node = JSON.readTree(request.body());
      if (node.isMissingNode()) {
        throw new Misfit(422, 602, what + " in body is required");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw unread(what, e.getOriginalMessage());
    } catch (IOException e) {
      throw unread(what, String.valueOf(e.getMessage()));
    }
  }

  static Misfit unread(String what, String why) {
    return new Misfit(400, 400, "parsing " + what + " body from \"\" failed, because " + why);
  }

  /** An object of texts; empty where it is missing. Empty values count as absent. */
  static Labels labels(JsonNode object, String what) {
    Labels.Builder labels = new Labels.Builder();
    for (var pair : object.properties()) {
      if (!pair.getValue().isTextual()) {
        throw unread(what, "the value of " + pair.getKey() + " is no text");
      }
      labels.set(pair.getKey(), pair.getValue().textValue());
    }
    return labels.build();
  }

  /** A text; null where it is missing. */
  static @Nullable String text(JsonNode object, String field, String what) {
    JsonNode node = object.path(field);
    if (node.isMissingNode() || node.isNull()) {
      return null;
    }
    if (!node.isTextual()) {
      throw unread(what, field + " is no text");
    }
    return node.textValue();
  }

  /** A time; null where it is missing or Go's zero. */
  static @Nullable Instant time(JsonNode object, String field, String what) {
    String text = text(object, field, what);
    if (text == null || text.isEmpty()) {
      return null;
    }
    Instant time = instant(text);
    if (time == null || time.isAfter(LAST)) {
      throw unread(what, field + " \"" + text + "\" is no time; write 2026-11-21T12:00:00Z");
    }
    return time.isAfter(NONE) ? time : null;
  }

  private static @Nullable Instant instant(String text) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
