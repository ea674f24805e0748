package vigie.collector.alert;

import java.util.Collection;
import java.util.List;

/**
 * Keeps alerts over a restart: those that are pending or firing, and those that were resolved a
 * short while ago, since whoever is told of it may not have taken it in before a crash. Safe for
 * all threads.
 */
public interface AlertStore {
  /** Keeps nothing. */
  AlertStore NONE =
      new AlertStore() {
        @Override
        public void save(String group, Collection<Alert> alerts) {}

        @Override
        public List<Alert> load(String group) {
          return List.of();
        }

        @Override
        public List<String> groups() {
          return List.of();
        }
      };

  /**
   * Replaces what is kept for the rule group, nothing where {@code alerts} is empty; durable when
   * this returns.
   *
   * @throws java.io.UncheckedIOException if the disk refuses
   */
  void save(String group, Collection<Alert> alerts);

  /** What was kept last for the group; empty where nothing was. */
  List<Alert> load(String group);

  /** The groups that something is kept for. */
  List<String> groups();
}
