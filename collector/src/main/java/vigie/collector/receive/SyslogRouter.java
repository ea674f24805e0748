package vigie.collector.receive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.Map;
import vigie.base.net.EventLoops;
import vigie.base.time.Scheduler;

/** Does with foreign syslog what the routes say. Safe for all threads; never blocks. */
public final class SyslogRouter implements AutoCloseable {
  private final EventLoops loops;
  private final Scheduler scheduler;
  private final long mostBytes;
  private final MeterRegistry registry;
  private final Counter dropped;
  private volatile State state = new State(SyslogRoutes.STORE_ALL, Map.of());

  private record State(SyslogRoutes routes, Map<SyslogRoutes.Target, Forwarder> forwarders) {}

  /** Stores everything until {@link #routes} says otherwise. */
  public SyslogRouter(
      EventLoops loops, Scheduler scheduler, ReceiveLimits limits, MeterRegistry registry) {
    this.loops = loops;
    this.scheduler = scheduler;
    this.mostBytes = limits.of(Limit.FORWARD_BYTES);
    this.registry = registry;
    this.dropped =
        Counter.builder("vigie.syslog.routed.away")
            .description("Foreign records that a route kept out of the store")
            .register(registry);
  }

  /** Takes other routes; what waits for a target that stays goes on waiting. */
  public synchronized void routes(SyslogRoutes routes) {
    Map<SyslogRoutes.Target, Forwarder> now = new HashMap<>(state.forwarders);
    now.keySet().retainAll(routes.targets());
    // First, since one that differs in nothing but its certificates takes over the meters.
    state.forwarders.forEach(
        (target, forwarder) -> {
          if (!now.containsKey(target)) {
            forwarder.close();
          }
        });
    for (SyslogRoutes.Target target : routes.targets()) {
      now.computeIfAbsent(
          target, added -> new Forwarder(added, loops, scheduler, mostBytes, registry));
    }
    state = new State(routes, Map.copyOf(now));
  }

  /**
   * Forwards the record where a route says so.
   *
   * @param raw without trailing LF, CR and NUL; not written to again
   * @return whether it is to be stored
   */
  public boolean route(int pri, byte[] raw) {
    State now = state;
    for (SyslogRoutes.Target target : now.routes.forwards(pri)) {
      Forwarder forwarder = now.forwarders.get(target);
      if (forwarder != null) {
        forwarder.send(raw);
      }
    }
    boolean stored = now.routes.stores(pri);
    if (!stored) {
      dropped.increment();
    }
    return stored;
  }

  @Override
  public synchronized void close() {
    state.forwarders.values().forEach(Forwarder::close);
  }
}
