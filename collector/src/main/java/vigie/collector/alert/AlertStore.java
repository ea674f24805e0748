package vigie.collector.alert;

import java.util.Collection;
import java.util.List;

/** Keeps the alerts that are pending or firing over a restart. */
public interface AlertStore {
  /** Replaces what is kept for the rule group; durable when this returns. */
  void save(String group, Collection<Alert> alerts);

  /** What was kept last for the group; empty where nothing was. */
  List<Alert> load(String group);
}
