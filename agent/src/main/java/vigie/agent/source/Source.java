package vigie.agent.source;

import org.jspecify.annotations.Nullable;
import vigie.agent.event.Place;

/** Reads from one place from {@link #start} until it is closed. */
interface Source extends AutoCloseable {
  /** Begins to read, on threads of its own; returns at once. */
  void start();

  /**
   * How far it was read and all of it handed on, whether an event came of it or not; null where
   * there is nothing to go on from. Final once closed, unless {@link #isReading}.
   */
  default @Nullable Place place() {
    return null;
  }

  /** Whether something is still handed on, as the disk hangs while this was closed. */
  default boolean isReading() {
    return false;
  }

  /** Stops reading; what was begun to be handed on is handed on wholly. Idempotent. */
  @Override
  void close();
}
