package vigie.agent.push;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Supplier;

/** What was sent, what waits and what was given up. */
final class PushMeters {
  private static final List<String> DROPS = List.of("full", "age", "stopped", "clock", "rejected");
  private static final List<String> RETRIES = List.of("connection", "429", "500", "502", "503");

  private final MeterRegistry registry;
  private final Counter sent;
  private final Counter diskFailures;

  PushMeters(MeterRegistry registry, Supplier<Number> bytes, Supplier<Number> ageSeconds) {
    this.registry = registry;
    sent = counter("vigie.push.sent", "Samples that the server of push has taken.");
    diskFailures =
        counter("vigie.push.disk.failures", "Reads and writes of the folder of push that failed.");
    Gauge.builder("vigie.push.pending.bytes", bytes)
        .description("What waits to be pushed, in bytes of memory or disk.")
        .register(registry);
    Gauge.builder("vigie.push.lag.seconds", ageSeconds)
        .description("Age of the oldest sample that waits to be pushed; 0 where none does.")
        .register(registry);
    // From the start, so that increase() sees the first one.
    DROPS.forEach(this::drops);
    RETRIES.forEach(this::retries);
  }

  void sent(int samples) {
    sent.increment(samples);
  }

  void diskFailed() {
    diskFailures.increment();
  }

  /** Samples that will not be sent. */
  void dropped(String reason, int samples) {
    drops(reason).increment(samples);
  }

  private Counter drops(String reason) {
    return Counter.builder("vigie.push.dropped")
        .description("Samples that were given up before a server had them.")
        .tag("reason", reason)
        .register(registry);
  }

  /** A request that is to be sent again. */
  void retried(String reason) {
    retries(reason).increment();
  }

  private Counter retries(String reason) {
    return Counter.builder("vigie.push.retries")
        .description("Requests of push that failed and are sent again.")
        .tag("reason", reason)
        .register(registry);
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }
}
