package vigie.agent.probe;

import java.time.Duration;
import java.time.Instant;

/** What one run of a probe found. */
public sealed interface ProbeResult {
  /** When the run ended, by this node's clock. */
  Instant at();

  /**
   * The target does what it should.
   *
   * @param took from the start of the run to its end, name lookup included
   * @param lookup the part of it that the name lookup took; zero for an address
   */
  record Up(Instant at, Duration took, Duration lookup) implements ProbeResult {}

  /**
   * The target does not.
   *
   * @param reason in words, such as {@code connection refused}; may quote what the peer sent, with
   *     control characters escaped; at most 300 characters
   */
  record Down(Instant at, Duration took, Duration lookup, String reason) implements ProbeResult {}

  /** The agent itself could not look, for want of file descriptors or such: nothing is known. */
  record NotRun(Instant at, String reason) implements ProbeResult {}
}
