package vigie.agent.probe;

import java.time.Duration;

/**
 * How to probe, whatever the target: blackbox_exporter's word for it. A record, compared by value,
 * so that a probe whose configuration stays the same keeps its state over a reload.
 */
public interface Module {
  /** What the probers do not state otherwise: from the start of one run to that of the next. */
  Duration EVERY = Duration.ofSeconds(5);

  /** What the probers do not state otherwise: for a whole run. */
  Duration TIMEOUT = Duration.ofSeconds(2);

  /** The key of a target in {@code probes:} and the scheme of its URL, such as {@code tcp}. */
  String prober();

  /**
   * Looks whether a text can be a target at all.
   *
   * @throws IllegalArgumentException that quotes it and says what was expected
   */
  void checkTarget(String target);

  /**
   * A probe of one target, which does nothing yet.
   *
   * @param target one that {@link #checkTarget} took
   * @param timeout for a whole run, name lookup included
   */
  Probe probe(String target, Duration timeout, ProbeTools tools);

  /**
   * The same for a virtual host: asked for under that name, whatever the target's address.
   *
   * @throws IllegalArgumentException where it cannot be the host, or the module names another one
   */
  default Module forHost(String name) {
    return this;
  }

  /** How often to run unless configured. */
  default Duration every() {
    return EVERY;
  }

  /** How long a run may take unless configured. */
  default Duration timeout() {
    return TIMEOUT;
  }
}
