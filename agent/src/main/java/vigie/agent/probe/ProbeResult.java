package vigie.agent.probe;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import vigie.agent.event.EventType;

/** What one run of a probe found. */
public sealed interface ProbeResult {
  /** When the run ended, by this node's clock. */
  Instant at();

  /** What the run measured besides; empty for a run that could not be made. */
  default List<Measure.Sample> samples() {
    return List.of();
  }

  /**
   * The target does what it should.
   *
   * @param took from the start of the run to its end, name lookup included
   */
  record Up(Instant at, Duration took, List<Measure.Sample> samples) implements ProbeResult {
    public Up {
      samples = List.copyOf(samples);
    }
  }

  /**
   * The target does not.
   *
   * @param reason in words, such as {@code connection refused}; may quote what the peer sent, with
   *     control characters escaped; at most 300 characters
   * @param cause a type of its own that is told besides {@code probe.down}, or that one
   */
  record Down(
      Instant at, Duration took, String reason, List<Measure.Sample> samples, EventType cause)
      implements ProbeResult {
    private static final int MOST_REASON = 300;

    public Down {
      samples = List.copyOf(samples);
      if (reason.length() > MOST_REASON) {
        reason = reason.substring(0, MOST_REASON - 1) + "…";
      }
    }

    /** Down for a reason that is no event type of its own. */
    public Down(Instant at, Duration took, String reason, List<Measure.Sample> samples) {
      this(at, took, reason, samples, EventType.PROBE_DOWN);
    }
  }

  /** The agent itself could not look, for want of file descriptors or such: nothing is known. */
  record NotRun(Instant at, String reason) implements ProbeResult {}
}
