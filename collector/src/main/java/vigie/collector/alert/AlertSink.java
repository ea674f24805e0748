package vigie.collector.alert;

import java.util.List;

/**
 * Takes what changed: fired, resolved, or firing with new annotations. Safe for all threads; must
 * not block long. What is told twice changes nothing, so that after a restart whoever is not sure
 * tells again.
 */
public interface AlertSink {
  /** One evaluation's changes, each alert at most once; never pending ones. */
  void accept(List<Alert> changes);
}
