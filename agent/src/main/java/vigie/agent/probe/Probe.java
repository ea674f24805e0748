package vigie.agent.probe;

import java.time.Duration;
import java.util.function.Consumer;

/** One target probed over and over in one way. The caller sees to it that runs never overlap. */
public interface Probe extends AutoCloseable {
  /**
   * Starts a run and returns at once.
   *
   * @param done told the result once, at the latest when the timeout is over, by any thread
   * @param steps told what the run does
   */
  void run(Consumer<ProbeResult> done, Steps steps);

  /** The same, without the steps. */
  default void run(Consumer<ProbeResult> done) {
    run(done, Steps.NONE);
  }

  /**
   * What is likely wrong with the configuration after a {@code Down}, as far as this host knows:
   * {@code python3 listens on 127.0.0.1:13337}. May block for a moment.
   *
   * @return {@code ""} where nothing is known
   */
  default String hint() {
    return "";
  }

  /** Whether this host's sockets are of interest: only then {@link #listens} is asked. */
  default boolean isWatchable() {
    return false;
  }

  /**
   * Whether a socket of this host listens for the target, by the tables just read, without
   * connecting. On the scheduler's thread.
   */
  default Listens listens(ListeningSockets sockets) {
    return Listens.UNKNOWN;
  }

  @Override
  default void close() {}

  /** An answer of the passive watch. */
  enum Listens {
    YES,
    NO,
    /** The target is elsewhere, or not known yet. */
    UNKNOWN
  }

  /** Told of what a run does, step by step; called by any thread, one at a time. */
  interface Steps {
    /** Tells nobody; runs don't even make the words. */
    Steps NONE = (at, what) -> {};

    /**
     * Takes a step.
     *
     * @param at since the start of the run
     */
    void step(Duration at, String what);
  }
}
