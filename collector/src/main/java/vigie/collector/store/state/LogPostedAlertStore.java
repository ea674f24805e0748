package vigie.collector.store.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.collector.alert.PostedAlert;
import vigie.collector.alert.PostedAlertStore;

/** Posted alerts in a {@link StateLog}, each under {@code posted/FINGERPRINT}. */
public final class LogPostedAlertStore implements PostedAlertStore {
  private static final String PREFIX = "posted/";

  private final StateLog states;

  public LogPostedAlertStore(StateLog states) {
    this.states = states;
  }

  @Override
  public List<PostedAlert> load() {
    return StateJson.readAll(states, PREFIX, LogPostedAlertStore::read);
  }

  @Override
  public void save(Collection<PostedAlert> changed, Collection<String> gone) {
    Map<String, byte[]> values = new HashMap<>();
    for (PostedAlert each : changed) {
      ObjectNode node = StateJson.object();
      node.put("endsAt", each.endsAt().toString()).put("generatorUrl", each.generatorUrl());
      node.set("alert", StateJson.alert(each.alert()));
      values.put(PREFIX + each.alert().fingerprint(), StateJson.bytes(node));
    }
    states.update(values, gone.stream().map(PREFIX::concat).toList());
  }

  private static PostedAlert read(JsonNode node) {
    return new PostedAlert(
        StateJson.alert(node.path("alert")),
        StateJson.instant(node.path("endsAt")),
        node.path("generatorUrl").asText());
  }
}
