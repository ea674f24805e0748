package vigie.collector.receive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.base.net.EventLoops;
import vigie.base.syslog.SyslogMessage;
import vigie.base.time.Scheduler;

/** Does with foreign syslog what the routes say. Safe for all threads; never blocks. */
public final class SyslogRouter implements AutoCloseable {
  private final EventLoops loops;
  private final Scheduler scheduler;
  private final long mostBytes;
  private final MeterRegistry registry;
  private final Counter dropped;
  private final Runnable onFull;
  private volatile State state = new State(SyslogRoutes.STORE_ALL, Map.of());

  private record State(SyslogRoutes routes, Map<SyslogRoutes.Target, Forwarder> forwarders) {}

  /**
   * Stores everything until {@link #routes} says otherwise.
   *
   * @param onFull called for each record that finds no room before its target
   */
  public SyslogRouter(
      EventLoops loops,
      Scheduler scheduler,
      ReceiveLimits limits,
      MeterRegistry registry,
      Runnable onFull) {
    this.onFull = onFull;
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
    // By its address, since one that differs in nothing but its certificates is the same.
    Map<String, Forwarder> left = new HashMap<>();
    state.forwarders.forEach(
        (target, forwarder) -> {
          if (!now.containsKey(target)) {
            left.put(target.toString(), forwarder);
          }
        });
    List<SyslogRoutes.Target> added = new ArrayList<>(routes.targets());
    added.removeAll(now.keySet());
    for (SyslogRoutes.Target target : added) {
      Forwarder same = left.remove(target.toString());
      if (same != null) {
        same.use(target);
        now.put(target, same);
      }
    }
    left.values().forEach(Forwarder::close); // first, since their meters may be another's
    for (SyslogRoutes.Target target : added) {
      now.computeIfAbsent(
          target, each -> new Forwarder(each, loops, scheduler, mostBytes, registry, onFull));
    }
    state = new State(routes, Map.copyOf(now));
  }

  /**
   * Forwards the record where a route says so.
   *
   * @return whether it is to be stored
   */
  public boolean route(SyslogMessage message) {
    State now = state;
    int pri = message.pri();
    for (SyslogRoutes.Target target : now.routes.forwards(pri)) {
      Forwarder forwarder = now.forwarders.get(target);
      if (forwarder != null) {
        forwarder.send(message.record());
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
