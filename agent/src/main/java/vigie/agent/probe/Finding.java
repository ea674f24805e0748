package vigie.agent.probe;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import vigie.agent.event.EventType;

/**
 * What a look at this host found: a {@link ProbeResult} that does not know yet when it ended.
 *
 * @param reason {@code ""} when up
 */
record Finding(State state, String reason, List<Measure.Sample> samples, EventType cause) {
  enum State {
    UP,
    DOWN,
    NOT_RUN
  }

  static Finding up(List<Measure.Sample> samples) {
    return new Finding(State.UP, "", samples, EventType.PROBE_UP);
  }

  static Finding down(String reason, List<Measure.Sample> samples) {
    return down(reason, samples, EventType.PROBE_DOWN);
  }

  static Finding down(String reason, List<Measure.Sample> samples, EventType cause) {
    return new Finding(State.DOWN, reason, samples, cause);
  }

  static Finding notRun(String reason) {
    return new Finding(State.NOT_RUN, reason, List.of(), EventType.PROBE_DOWN);
  }

  ProbeResult result(Instant at, Duration took) {
    return switch (state) {
      case UP -> new ProbeResult.Up(at, took, samples);
      case DOWN -> new ProbeResult.Down(at, took, reason, samples, cause);
      case NOT_RUN -> new ProbeResult.NotRun(at, reason);
    };
  }
}
