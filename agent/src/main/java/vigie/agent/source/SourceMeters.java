package vigie.agent.source;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** How the reading of one source goes; lines are counted by {@link LogMeters}. */
record SourceMeters(MeterRegistry registry, String source) {
  Counter bytes() {
    return Counter.builder("vigie.source.bytes")
        .description("Bytes read from a source.")
        .tag("source", source)
        .register(registry);
  }

  Counter restarts() {
    return Counter.builder("vigie.source.restarts")
        .description("How often reading a source ended by itself and was begun anew.")
        .tag("source", source)
        .register(registry);
  }

  /** What could not be read or had to be cut, for {@code reason}. */
  Counter faults(String reason) {
    return Counter.builder("vigie.source.faults")
        .description("What could not be read of a source, or had to be cut.")
        .tag("source", source)
        .tag("reason", reason)
        .register(registry);
  }
}
