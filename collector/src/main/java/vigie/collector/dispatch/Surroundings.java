package vigie.collector.dispatch;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Labels;
import vigie.collector.node.Node;

/** What the dispatcher asks others about an alert; called under its lock, so none may block. */
public interface Surroundings {
  /** Nobody knows anything. */
  Surroundings NONE = new Surroundings() {};

  /** The active silences that fit the labels. */
  default List<AlertMark.Silenced> silencing(Labels labels) {
    return List.of();
  }

  /** Who takes care of the alert with this fingerprint; null where nobody does. */
  default AlertMark.@Nullable Acked acknowledged(String fingerprint) {
    return null;
  }

  /** What holds the alert with this fingerprint back has become another. */
  default void marked(String fingerprint, AlertMark before, AlertMark after) {}

  /** These alerts are over for all that anybody is told, as they end or later. */
  default void over(Set<String> fingerprints) {}

  /** What is known of the node; null where nothing is. */
  default @Nullable Node node(String name) {
    return null;
  }

  /** The node without which this one is not reached, {@code ""} for none. */
  default String dependsOn(String node) {
    return "";
  }

  /** How its neighbours see the node; null where none looks. */
  default AlertMark.@Nullable Reach reach(String node) {
    return null;
  }
}
