package vigie.collector.store.state;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertStore;

/**
 * Alerts in a {@link StateLog}, each under {@code alerts/GROUP LF FINGERPRINT}, so that a change
 * writes only what changed. Safe for all threads.
 */
public final class LogAlertStore implements AlertStore {
  private static final Logger log = LoggerFactory.getLogger(LogAlertStore.class);
  private static final String PREFIX = "alerts/";
  private static final char END_OF_GROUP = '\n';

  private final StateLog states;

  /** What was written last in this life, by key: an alert that is the same object is there. */
  private final Map<String, Alert> written = new ConcurrentHashMap<>();

  public LogAlertStore(StateLog states) {
    this.states = states;
  }

  @Override
  public void save(String group, Collection<Alert> alerts) {
    Map<String, byte[]> changed = new HashMap<>();
    Map<String, Alert> now = new HashMap<>();
    for (Alert alert : alerts) {
      String key = prefix(group) + alert.fingerprint();
      now.put(key, alert);
      if (written.get(key) != alert) {
        changed.put(key, StateJson.bytes(StateJson.alert(alert)));
      }
    }
    List<String> gone = new ArrayList<>(states.keys(prefix(group)));
    gone.removeAll(now.keySet());
    states.update(changed, gone);
    gone.forEach(written::remove);
    written.putAll(now);
  }

  /** What cannot be read is left out and logged: the rules find out anew what is wrong. */
  @Override
  public List<Alert> load(String group) {
    List<Alert> alerts = new ArrayList<>();
    for (String key : states.keys(prefix(group))) {
      byte[] value = states.get(key);
      if (value == null) {
        continue;
      }
      try {
        alerts.add(StateJson.alert(StateJson.parse(value)));
      } catch (RuntimeException e) {
        log.error("cannot read an alert, it is left out group={} cause={}", group, e.getMessage());
      }
    }
    return alerts;
  }

  @Override
  public List<String> groups() {
    Set<String> groups = new LinkedHashSet<>();
    for (String key : states.keys(PREFIX)) {
      int end = key.lastIndexOf(END_OF_GROUP);
      groups.add(key.substring(PREFIX.length(), end < 0 ? key.length() : end));
    }
    return List.copyOf(groups);
  }

  private static String prefix(String group) {
    return PREFIX + group + END_OF_GROUP;
  }
}
