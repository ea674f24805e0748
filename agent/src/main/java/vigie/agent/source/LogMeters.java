package vigie.agent.source;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What goes through the patterns, of all sources. */
record LogMeters(MeterRegistry registry) {
  Counter lines(String source) {
    return Counter.builder("vigie.source.lines")
        .description("Lines read from a source.")
        .tag("source", source)
        .register(registry);
  }

  Counter heldBack(String source) {
    return Counter.builder("vigie.source.held.back")
        .description("Events of a source that were counted but not told: too many at once.")
        .tag("source", source)
        .register(registry);
  }

  Counter folded() {
    return Counter.builder("vigie.log.folded")
        .description("Matches that repeat what was told lately; one summary tells how many.")
        .register(registry);
  }
}
