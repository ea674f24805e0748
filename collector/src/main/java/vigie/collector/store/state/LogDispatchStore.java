package vigie.collector.store.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.dispatch.DispatchStore;
import vigie.collector.dispatch.Flap;

/** How often alerts opened, and waiting lines, in a {@link StateLog} under {@code dispatch/}. */
public final class LogDispatchStore implements DispatchStore {
  private static final Logger log = LoggerFactory.getLogger(LogDispatchStore.class);
  private static final String FLAPS = "dispatch/flap/";
  private static final String LINES = "dispatch/lines";

  private final StateLog states;

  public LogDispatchStore(StateLog states) {
    this.states = states;
  }

  @Override
  public Map<String, Flap> flaps() {
    Map<String, Flap> all = new LinkedHashMap<>();
    for (String key : states.keys(FLAPS)) {
      byte[] value = states.get(key);
      try {
        if (value != null) {
          JsonNode node = StateJson.parse(value);
          all.put(
              key.substring(FLAPS.length()),
              new Flap(
                  StateJson.list(node.path("openings"), StateJson::instant),
                  node.path("times").asInt(),
                  StateJson.optionalInstant(node.path("since"))));
        }
      } catch (RuntimeException e) {
        log.error("cannot read how often an alert opened key={} cause={}", key, e.getMessage());
      }
    }
    return all;
  }

  @Override
  public void saveFlaps(Map<String, Flap> changed, Collection<String> gone) {
    Map<String, byte[]> values = new HashMap<>();
    changed.forEach(
        (fingerprint, flap) -> {
          ObjectNode node = StateJson.object();
          ArrayNode openings = node.putArray("openings");
          flap.openings().forEach(at -> openings.add(at.toString()));
          node.put("times", flap.times()).put("since", StateJson.text(flap.since()));
          values.put(FLAPS + fingerprint, StateJson.bytes(node));
        });
    states.update(values, gone.stream().map(FLAPS::concat).toList());
  }

  @Override
  public List<Waiting> lines() {
    byte[] value = states.get(LINES);
    try {
      return value == null
          ? List.of()
          : StateJson.list(StateJson.parse(value).path("lines"), LogDispatchStore::waiting);
    } catch (RuntimeException e) {
      log.error("cannot read the lines for the next card cause={}", e.getMessage());
      return List.of();
    }
  }

  private static Waiting waiting(JsonNode node) {
    return new Waiting(
        NotesJson.line(node.path("line")),
        new LinkedHashSet<>(StateJson.list(node.path("toldTo"), JsonNode::asText)));
  }

  @Override
  public void saveLines(List<Waiting> lines) {
    ObjectNode node = StateJson.object();
    ArrayNode all = node.putArray("lines");
    for (Waiting waiting : lines) {
      ObjectNode each = all.addObject();
      each.set("line", NotesJson.line(waiting.line()));
      ArrayNode toldTo = each.putArray("toldTo");
      waiting.toldTo().forEach(toldTo::add);
    }
    states.put(LINES, StateJson.bytes(node));
  }
}
