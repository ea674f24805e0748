package vigie.collector.receive.relp;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;

/** The receiver's meters: records in and answered, bytes, sessions, what was cut or refused. */
final class RelpMeters {
  private static final List<String> REFUSALS =
      List.of("connections", "address", "handshake", "name", "identity");
  private static final List<String> FAULTS =
      List.of(
          "txnr",
          "command",
          "memory",
          "open",
          "open_timeout",
          "partial_timeout",
          "header",
          "length",
          "trailer",
          "offers");

  final Counter records;
  final Counter bytes;
  final Counter answered;
  final Counter cut;
  final Counter empty;
  private final MeterRegistry registry;

  /** Counts what was answered among what all receivers have taken. */
  final Counter messages;

  RelpMeters(
      MeterRegistry registry,
      Counter messages,
      Supplier<Number> sessions,
      Supplier<Number> unackedBytes) {
    this.registry = registry;
    this.messages = messages;
    records = counter("vigie.relp.records", "Records received over RELP");
    bytes = counter("vigie.relp.bytes", "Bytes of records received over RELP");
    answered = counter("vigie.relp.answered", "Records answered with 200 after their sync");
    cut = counter("vigie.relp.cut", "Records longer than the limit, stored up to it");
    empty = counter("vigie.relp.empty", "Records with nothing in them, answered but not stored");
    Gauge.builder("vigie.relp.sessions", sessions)
        .description("RELP connections now")
        .register(registry);
    Gauge.builder("vigie.relp.unacked.bytes", unackedBytes)
        .description("Bytes of records received and not yet answered")
        .register(registry);
    // From the start, so that increase() sees the first one.
    REFUSALS.forEach(this::refusals);
    FAULTS.forEach(this::faults);
  }

  /** Connections closed without being served. */
  void refused(String reason) {
    refusals(reason).increment();
  }

  private Counter refusals(String reason) {
    return Counter.builder("vigie.relp.refused")
        .description("RELP connections not served: too many, or one spool identity twice")
        .tag("reason", reason)
        .register(registry);
  }

  /** Sessions ended by a fault of the peer. */
  void fault(String reason) {
    faults(reason).increment();
  }

  private Counter faults(String reason) {
    return Counter.builder("vigie.relp.faults")
        .description("RELP sessions ended because the peer broke the protocol or a limit")
        .tag("reason", reason)
        .register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
