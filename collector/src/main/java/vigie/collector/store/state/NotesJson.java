package vigie.collector.store.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.dispatch.AlertMark;
import vigie.collector.dispatch.Notes;

/** What stands beside alerts, as JSON. A field that is missing reads as empty. */
final class NotesJson {
  private NotesJson() {}

  static ObjectNode of(Notes notes) {
    ObjectNode node = StateJson.object();
    ObjectNode marks = node.putObject("marks");
    notes.marks().forEach((fingerprint, mark) -> marks.set(fingerprint, mark(mark)));
    node.put("heldCount", notes.heldCount());
    node.set("held", StateJson.array(notes.held(), NotesJson::held));
    node.set("lines", StateJson.array(notes.lines(), NotesJson::line));
    return node;
  }

  static Notes read(JsonNode node) {
    Map<String, AlertMark> marks = new HashMap<>();
    node.path("marks").properties().forEach(e -> marks.put(e.getKey(), mark(e.getValue())));
    return new Notes(
        marks,
        StateJson.list(node.path("held"), NotesJson::held),
        node.path("heldCount").asInt(),
        StateJson.list(node.path("lines"), NotesJson::line));
  }

  private static ObjectNode mark(AlertMark mark) {
    ObjectNode node = StateJson.object();
    node.set(
        "silenced",
        StateJson.array(
            mark.silenced(),
            s ->
                StateJson.object()
                    .put("id", s.id())
                    .put("by", s.by())
                    .put("until", s.until().toString())
                    .put("comment", s.comment())));
    strings(node.putArray("inhibitedBy"), mark.inhibitedBy());
    strings(node.putArray("mutedBy"), mark.mutedBy());
    AlertMark.Acked acked = mark.acknowledged();
    if (acked != null) {
      node.putObject("acknowledged")
          .put("by", acked.by())
          .put("at", acked.at().toString())
          .put("note", acked.note());
    }
    AlertMark.Flapping flapping = mark.flapping();
    if (flapping != null) {
      node.putObject("flapping")
          .put("times", flapping.times())
          .put("since", flapping.since().toString())
          .put("firesNow", flapping.firesNow());
    }
    AlertMark.Reach reach = mark.reach();
    if (reach != null) {
      ObjectNode seen = node.putObject("reach").put("node", reach.node());
      strings(seen.putArray("by"), reach.by());
      strings(seen.putArray("notBy"), reach.notBy());
    }
    return node;
  }

  private static AlertMark mark(JsonNode node) {
    return new AlertMark(
        StateJson.list(
            node.path("silenced"),
            s ->
                new AlertMark.Silenced(
                    s.path("id").asText(),
                    s.path("by").asText(),
                    StateJson.instant(s.path("until")),
                    s.path("comment").asText())),
        strings(node.path("inhibitedBy")),
        strings(node.path("mutedBy")),
        acknowledged(node.path("acknowledged")),
        flapping(node.path("flapping")),
        reach(node.path("reach")));
  }

  private static AlertMark.@Nullable Acked acknowledged(JsonNode node) {
    return node.isObject()
        ? new AlertMark.Acked(
            node.path("by").asText(),
            StateJson.instant(node.path("at")),
            node.path("note").asText())
        : null;
  }

  private static AlertMark.@Nullable Flapping flapping(JsonNode node) {
    return node.isObject()
        ? new AlertMark.Flapping(
            node.path("times").asInt(),
            StateJson.instant(node.path("since")),
            node.path("firesNow").asBoolean())
        : null;
  }

  private static AlertMark.@Nullable Reach reach(JsonNode node) {
    return node.isObject()
        ? new AlertMark.Reach(
            node.path("node").asText(), strings(node.path("by")), strings(node.path("notBy")))
        : null;
  }

  private static ObjectNode held(Notes.Held held) {
    ObjectNode node = StateJson.object();
    node.set("labels", StateJson.labels(held.labels()));
    return node.put("fingerprint", held.fingerprint())
        .put("summary", held.summary())
        .put("since", held.since().toString())
        .put("resolvedAt", StateJson.text(held.resolvedAt()));
  }

  private static Notes.Held held(JsonNode node) {
    return new Notes.Held(
        node.path("fingerprint").asText(),
        StateJson.labels(node.path("labels")),
        node.path("summary").asText(),
        StateJson.instant(node.path("since")),
        StateJson.optionalInstant(node.path("resolvedAt")));
  }

  static ObjectNode line(Notes.Line line) {
    return StateJson.object()
        .put("kind", line.kind().name())
        .put("at", line.at().toString())
        .put("until", StateJson.text(line.until()))
        .put("node", line.node())
        .put("text", line.text());
  }

  static Notes.Line line(JsonNode node) {
    return new Notes.Line(
        Notes.Line.Kind.valueOf(node.path("kind").asText()),
        StateJson.instant(node.path("at")),
        StateJson.optionalInstant(node.path("until")),
        node.path("node").asText(),
        node.path("text").asText());
  }

  private static void strings(ArrayNode array, List<String> all) {
    all.forEach(array::add);
  }

  private static List<String> strings(JsonNode array) {
    return StateJson.list(array, JsonNode::asText);
  }
}
