package vigie.collector.store.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.collector.label.LabelMatcher;
import vigie.collector.silence.Silence;
import vigie.collector.silence.SilenceStore;

/** Silences in a {@link StateLog}, each under {@code silences/ID}. */
public final class LogSilenceStore implements SilenceStore {
  private static final String PREFIX = "silences/";

  private final StateLog states;

  public LogSilenceStore(StateLog states) {
    this.states = states;
  }

  @Override
  public List<Silence> load() {
    return StateJson.readAll(states, PREFIX, LogSilenceStore::read);
  }

  @Override
  public void save(Collection<Silence> silences) {
    Map<String, byte[]> values = new HashMap<>();
    silences.forEach(each -> values.put(PREFIX + each.id(), StateJson.bytes(json(each))));
    states.putAll(values);
  }

  @Override
  public void remove(Collection<String> ids) {
    states.update(Map.of(), ids.stream().map(PREFIX::concat).toList());
  }

  private static ObjectNode json(Silence silence) {
    ObjectNode node =
        StateJson.object()
            .put("id", silence.id())
            .put("startsAt", silence.startsAt().toString())
            .put("endsAt", silence.endsAt().toString())
            .put("updatedAt", silence.updatedAt().toString())
            .put("createdBy", silence.createdBy())
            .put("comment", silence.comment())
            .put("untilBack", silence.untilBack())
            .put("ended", silence.ended());
    node.set(
        "matchers",
        StateJson.array(
            silence.matchers(),
            matcher ->
                StateJson.object()
                    .put("op", matcher.op().name())
                    .put("name", matcher.name())
                    .put("value", matcher.value())));
    return node;
  }

  private static Silence read(JsonNode node) {
    return new Silence(
        node.path("id").asText(),
        StateJson.list(
            node.path("matchers"),
            matcher ->
                new LabelMatcher(
                    LabelMatcher.Op.valueOf(matcher.path("op").asText()),
                    matcher.path("name").asText(),
                    matcher.path("value").asText())),
        StateJson.instant(node.path("startsAt")),
        StateJson.instant(node.path("endsAt")),
        StateJson.instant(node.path("updatedAt")),
        node.path("createdBy").asText(),
        node.path("comment").asText(),
        node.path("untilBack").asText(),
        node.path("ended").asText());
  }
}
