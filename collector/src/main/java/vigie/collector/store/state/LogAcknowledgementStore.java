package vigie.collector.store.state;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.collector.alert.Acknowledgement;
import vigie.collector.alert.AcknowledgementStore;

/** Acknowledgements in a {@link StateLog}, each under {@code acks/FINGERPRINT}. */
public final class LogAcknowledgementStore implements AcknowledgementStore {
  private static final String PREFIX = "acks/";

  private final StateLog states;

  public LogAcknowledgementStore(StateLog states) {
    this.states = states;
  }

  @Override
  public List<Acknowledgement> load() {
    return StateJson.readAll(states, PREFIX, LogAcknowledgementStore::read);
  }

  @Override
  public void save(Collection<Acknowledgement> acknowledgements) {
    Map<String, byte[]> values = new HashMap<>();
    for (Acknowledgement each : acknowledgements) {
      values.put(
          PREFIX + each.fingerprint(),
          StateJson.bytes(
              StateJson.object()
                  .put("fingerprint", each.fingerprint())
                  .put("by", each.by())
                  .put("note", each.note())
                  .put("at", each.at().toString())));
    }
    states.putAll(values);
  }

  @Override
  public void remove(Collection<String> fingerprints) {
    states.update(Map.of(), fingerprints.stream().map(PREFIX::concat).toList());
  }

  private static Acknowledgement read(JsonNode node) {
    return new Acknowledgement(
        node.path("fingerprint").asText(),
        node.path("by").asText(),
        node.path("note").asText(),
        StateJson.instant(node.path("at")));
  }
}
