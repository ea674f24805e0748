package vigie.collector.store.state;

import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertStore;

/** Alerts in a {@link StateLog}, one value for each rule group. Safe for all threads. */
public final class LogAlertStore implements AlertStore {
  private static final Logger log = LoggerFactory.getLogger(LogAlertStore.class);
  private static final String PREFIX = "alerts/";

  private final StateLog states;

  public LogAlertStore(StateLog states) {
    this.states = states;
  }

  @Override
  public void save(String group, Collection<Alert> alerts) {
    if (alerts.isEmpty()) {
      states.remove(PREFIX + group);
    } else {
      states.put(
          PREFIX + group, StateJson.bytes(StateJson.array(List.copyOf(alerts), StateJson::alert)));
    }
  }

  /** What cannot be read is left out and logged: the rules find out anew what is wrong. */
  @Override
  public List<Alert> load(String group) {
    byte[] kept = states.get(PREFIX + group);
    if (kept == null) {
      return List.of();
    }
    try {
      return StateJson.list(StateJson.parse(kept), StateJson::alert);
    } catch (RuntimeException e) {
      log.error("cannot read the alerts of a group group={} cause={}", group, e.getMessage());
      return List.of();
    }
  }

  @Override
  public List<String> groups() {
    return states.keys(PREFIX).stream().map(key -> key.substring(PREFIX.length())).toList();
  }
}
