package vigie.collector.receive.syslog;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;

/** What the listeners for syslog count. */
final class SyslogMeters {
  private static final List<String> REFUSALS = List.of("connections", "address", "handshake");
  private static final List<String> FAULTS =
      List.of("memory", "partial_timeout", "length", "count");

  final Counter cut;
  final Counter empty;

  /** Records lost because the collector was ending. */
  final Counter lost;

  private final MeterRegistry registry;

  SyslogMeters(MeterRegistry registry, Supplier<Number> connections) {
    this.registry = registry;
    cut = counter("vigie.syslog.cut", "Records longer than the limit, stored up to it");
    empty = counter("vigie.syslog.empty", "Lines, frames and datagrams with nothing in them");
    lost =
        counter(
            "vigie.syslog.lost", "Records received and not stored: the store had closed or failed");
    Gauge.builder("vigie.syslog.connections", connections)
        .description("Syslog connections now")
        .register(registry);
    // From the start, so that increase() sees the first one.
    REFUSALS.forEach(this::refusals);
    FAULTS.forEach(this::faults);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }

  /** Connections closed without being served. */
  void refused(String reason) {
    refusals(reason).increment();
  }

  private Counter refusals(String reason) {
    return Counter.builder("vigie.syslog.refused")
        .description("Syslog connections not served: too many, or their handshake failed")
        .tag("reason", reason)
        .register(registry);
  }

  /** Connections closed by a limit or because octet counting was broken. */
  void fault(String reason) {
    faults(reason).increment();
  }

  private Counter faults(String reason) {
    return Counter.builder("vigie.syslog.faults")
        .description("Syslog connections ended because the peer broke octet counting or a limit")
        .tag("reason", reason)
        .register(registry);
  }

  /** Datagrams that found no room here. */
  Counter dropped() {
    return counter("vigie.syslog.udp.dropped", "Datagrams that found no room in the queue");
  }

  /** Datagrams that the kernel dropped before they could be read. */
  void kernelDrops(UdpDrops drops) {
    FunctionCounter.builder("vigie.syslog.udp.kernel.dropped", drops, UdpDrops::count)
        .description("Datagrams that the kernel dropped because they were not read in time")
        .register(registry);
  }
}
