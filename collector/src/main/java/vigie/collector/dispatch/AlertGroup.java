package vigie.collector.dispatch;

import java.util.List;
import vigie.collector.alert.Alert;
import vigie.collector.label.Labels;

/**
 * All alerts of a group that fire, also those that nobody is told of.
 *
 * @param labels what the route groups by
 */
public record AlertGroup(String receiver, Labels labels, List<Alert> alerts) {
  public AlertGroup {
    alerts = List.copyOf(alerts);
  }
}
