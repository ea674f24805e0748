package vigie.collector.receive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * What all receivers count: each limit and how often it was met, and what each source sent. The
 * first {@value #MOST_SOURCES} sources have a label of their own, the others are {@code other}.
 */
public final class ReceiveMeters {
  private static final int MOST_SOURCES = 200;
  private static final String LIMITED = "vigie.receive.limited";
  private static final String HELP = "How often a limit of receiving was met";

  private final MeterRegistry registry;
  private final Map<Limit, Counter> hits = new EnumMap<>(Limit.class);
  private final Map<String, OfSource> sources = new HashMap<>(); // guarded by itself

  /** Who meets the limit of the kernel's buffer is known to the kernel only. */
  private volatile DoubleSupplier kernelDrops = () -> 0;

  /** Counts of one source. */
  public static final class OfSource {
    final Counter records;
    final Counter bytes;

    /** Broken framing or protocol. */
    public final Counter faults;

    /** Datagrams that found no room. */
    public final Counter dropped;

    private OfSource(MeterRegistry registry, String name) {
      records =
          counter(registry, "vigie.receive.source.records", "Records received of the source", name);
      bytes = counter(registry, "vigie.receive.source.bytes", "Their bytes", name);
      faults =
          counter(
              registry, "vigie.receive.source.faults", "Its breaches of framing or protocol", name);
      dropped =
          counter(
              registry, "vigie.receive.source.dropped", "Its datagrams that found no room", name);
    }

    private static Counter counter(
        MeterRegistry registry, String name, String description, String source) {
      return Counter.builder(name)
          .description(description)
          .tag("source", source)
          .register(registry);
    }
  }

  ReceiveMeters(MeterRegistry registry, ReceiveLimits limits, Supplier<Number> queuedBytes) {
    this.registry = registry;
    for (Limit limit : Limit.values()) {
      if (limit == Limit.UDP_BUFFER_BYTES) {
        FunctionCounter.builder(LIMITED, this, me -> me.kernelDrops.getAsDouble())
            .description(HELP)
            .tag("limit", limit.key())
            .register(registry);
      } else {
        hits.put(
            limit,
            Counter.builder(LIMITED)
                .description(HELP)
                .tag("limit", limit.key())
                .register(registry));
      }
      double value = limits.values().getOrDefault(limit, 0L);
      boolean time = limit.key().endsWith("_timeout");
      Gauge.builder("vigie.receive.limit", () -> time ? value / 1000 : value)
          .description("A limit of receiving as it is set: bytes, a number, seconds")
          .tag("limit", limit.key())
          .strongReference(true)
          .register(registry);
    }
    Gauge.builder("vigie.receive.queue.bytes", queuedBytes)
        .description("Bytes of records received and not yet durable")
        .register(registry);
  }

  /** Takes the kernel's count of datagrams that found no room in its buffer. */
  public void kernelDrops(DoubleSupplier drops) {
    kernelDrops = drops;
  }

  /** Counts that the limit was met. */
  public void hit(Limit limit) {
    Counter counter = hits.get(limit);
    if (counter != null) {
      counter.increment();
    }
  }

  OfSource source(String name) {
    synchronized (sources) {
      OfSource known = sources.get(name);
      if (known != null) {
        return known;
      }
      String label = sources.size() < MOST_SOURCES ? name : "other";
      return sources.computeIfAbsent(label, key -> new OfSource(registry, key));
    }
  }

  /** How often the limit was met so far. */
  double hits(Limit limit) {
    Counter counter = hits.get(limit);
    return counter == null ? 0 : counter.count();
  }
}
