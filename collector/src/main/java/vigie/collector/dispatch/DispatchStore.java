package vigie.collector.dispatch;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps what a restart must not forget and no open incident holds. Durable when a call returns; a
 * disk that refuses throws {@link java.io.UncheckedIOException}. Safe for all threads.
 */
public interface DispatchStore {
  /** Keeps nothing. */
  DispatchStore NONE =
      new DispatchStore() {
        @Override
        public Map<String, Flap> flaps() {
          return Map.of();
        }

        @Override
        public void saveFlaps(Map<String, Flap> changed, Collection<String> gone) {}

        @Override
        public List<Waiting> lines() {
          return List.of();
        }

        @Override
        public void saveLines(List<Waiting> lines) {}
      };

  /**
   * A line that waits for the next card.
   *
   * @param toldTo receivers that have had it
   */
  record Waiting(Notes.Line line, Set<String> toldTo) {
    public Waiting {
      toldTo = Set.copyOf(toldTo);
    }
  }

  /** By the alert's fingerprint. */
  Map<String, Flap> flaps();

  /** Replaces or adds some, forgets others, with one sync. */
  void saveFlaps(Map<String, Flap> changed, Collection<String> gone);

  /** In the order in which they were saved. */
  List<Waiting> lines();

  /** Replaces all. */
  void saveLines(List<Waiting> lines);
}
