package vigie.agent.ship;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;

/** What went to the collector, what it answered, and how often the way was lost. */
final class ShipMeters {
  private static final List<String> FAILURES =
      List.of("connect", "tls", "refused", "timeout", "protocol", "closed", "spool");

  final Counter sent;
  final Counter bytes;
  final Counter acknowledged;
  final Counter connects;
  private final MeterRegistry registry;

  ShipMeters(
      MeterRegistry registry,
      Supplier<Number> connected,
      Supplier<Number> pending,
      Supplier<Number> inUse) {
    this.registry = registry;
    sent = counter("vigie.ship.sent", "Events sent to the collector, again ones included");
    bytes = counter("vigie.ship.bytes", "Bytes of events sent to the collector");
    acknowledged = counter("vigie.ship.acknowledged", "Events that the collector has stored");
    connects = counter("vigie.ship.sessions", "Sessions opened with the collector");
    Gauge.builder("vigie.ship.connected", connected)
        .description("Whether a session with the collector is open")
        .register(registry);
    Gauge.builder("vigie.ship.pending", pending)
        .description("Events in the spool that the collector has not acknowledged")
        .register(registry);
    Gauge.builder("vigie.ship.collector", inUse)
        .description("Which of the configured collectors is used, 0 for the preferred one")
        .register(registry);
    FAILURES.forEach(this::failures); // from the start, so that increase() sees the first one
  }

  /** A connect that failed or a session that ended without being asked to. */
  void failure(String reason) {
    failures(reason).increment();
  }

  private Counter failures(String reason) {
    return Counter.builder("vigie.ship.failures")
        .description("Connects that failed and sessions that ended against our will")
        .tag("reason", reason)
        .register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
