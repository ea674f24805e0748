package vigie.agent.probe;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import vigie.agent.probe.Measure.Sample;

/** What a run of an HTTP probe waits for, and how long it did; redirects are added up. */
final class HttpPhases {
  private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
  private Phase phase = Phase.RESOLVE;
  private Duration began = Duration.ZERO;

  /** In their order. */
  enum Phase {
    RESOLVE("resolve", ""),
    CONNECT("connect", ""),
    TLS("tls", " during the TLS handshake"),
    PROCESSING("processing", " while waiting for the answer"),
    TRANSFER("transfer", " in the middle of the answer");

    private final String label;
    private final String late;

    Phase(String label, String late) {
      this.label = label;
      this.late = late;
    }
  }

  /** From the beginning, for another request; what has been measured is kept. */
  void again(Duration at) {
    phase = Phase.RESOLVE;
    began = at;
  }

  /** The phase of the moment ends at that time of the run, and the next begins. */
  void enter(Phase next, Duration at) {
    nanos.merge(phase, at.minus(began).toNanos(), Long::sum);
    phase = next;
    began = at;
  }

  /** Whether the request is still to be sent. */
  boolean isBeforeRequest() {
    return phase.compareTo(Phase.PROCESSING) < 0;
  }

  /** Whether the answer has begun. */
  boolean isInAnswer() {
    return phase == Phase.TRANSFER;
  }

  /** What a timeout was waiting for. */
  String late() {
    return phase.late;
  }

  /**
   * Adds the time of each phase.
   *
   * @param isResolved as blackbox_exporter has it, the others come with the address
   */
  void measure(boolean isResolved, List<Sample> into) {
    for (Phase each : isResolved ? Phase.values() : new Phase[] {Phase.RESOLVE}) {
      into.add(HttpMeasures.DURATION.sample(nanos.getOrDefault(each, 0L) / 1e9, each.label));
    }
  }
}
