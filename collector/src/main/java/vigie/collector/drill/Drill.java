package vigie.collector.drill;

import java.time.Instant;
import java.util.List;

/**
 * One drill as it stands.
 *
 * @param id chosen by whoever began it
 * @param begun when its event was stored
 * @param hops those that it has made, in order
 * @param state where it stands
 * @param failure in words; {@code ""} unless it failed
 */
public record Drill(String id, Instant begun, List<Hop> hops, State state, String failure) {
  public Drill {
    hops = List.copyOf(hops);
  }

  /** Where a drill stands. */
  public enum State {
    RUNNING,
    PASSED,
    FAILED
  }

  /**
   * A hop that was made.
   *
   * @param name {@code stored}, {@code rule}, {@code route}, {@code outbox}, {@code card}, and then
   *     {@code resolved} and {@code closed}
   * @param at when it was done
   * @param detail in words, such as the receivers; may be empty
   */
  public record Hop(String name, Instant at, String detail) {}
}
