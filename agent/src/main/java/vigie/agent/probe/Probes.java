package vigie.agent.probe;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.probe.Probe.Listens;
import vigie.base.time.Scheduler;

/**
 * All probes of the agent: runs them in turn, keeps their state and tells its changes. A target on
 * this host is besides looked for once a second among the listening sockets, and probed at once
 * when it comes or goes. Safe for all threads.
 */
public final class Probes implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Probes.class);
  private static final Duration PASSIVE = Duration.ofSeconds(1);
  private static final Duration FIRST_RUN_SPREAD = Duration.ofMillis(20);

  /** Turns begin at its multiples: those that come close together share one wake-up. */
  private static final long TICK_NANOS = Duration.ofMillis(50).toNanos();

  private final ProbeTools tools;
  private final ListeningSockets sockets;
  private final Teller teller;
  private final Hints hints;
  private final ProbeMeters meters;
  private volatile List<Passive> watched = List.of();
  private Scheduler.@Nullable Task passive;
  private boolean socketsUnreadable;

  /**
   * Has no probes yet: {@link #configure} begins.
   *
   * @param sink is called on {@code telling} alone
   * @param telling one thread that may wait for the disk
   */
  public Probes(ProbeTools tools, EventSink sink, Executor telling, MeterRegistry meters) {
    this.tools = tools;
    this.sockets = new ListeningSockets(tools.roots().procfs());
    this.teller = new Teller(sink, telling, tools.scheduler(), meters);
    this.hints = new Hints(tools.blocking(), tools.scheduler());
    this.meters = new ProbeMeters(meters);
  }

  /**
   * Begins, or goes on with another configuration: a probe that is configured as before keeps its
   * state and its turns.
   */
  public synchronized void configure(List<ProbeConfig> configs) {
    Map<String, Passive> before = new LinkedHashMap<>();
    for (Passive old : watched) {
      before.put(old.probe.config().name(), old);
    }
    List<Passive> now = new ArrayList<>();
    List<Passive> fresh = new ArrayList<>();
    for (ProbeConfig config : configs) {
      Passive old = before.get(config.name());
      if (old != null && old.probe.config().equals(config)) {
        before.remove(config.name());
        now.add(old);
      } else {
        Passive added = new Passive(watch(config));
        now.add(added);
        fresh.add(added);
      }
    }
    for (Passive gone : before.values()) {
      String target = gone.probe.config().target();
      boolean goesOn =
          fresh.stream()
              .map(f -> f.probe.config())
              .anyMatch(
                  c -> c.name().equals(gone.probe.config().name()) && c.target().equals(target));
      gone.probe.stop(!goesOn);
    }
    watched = List.copyOf(now);
    long spread = FIRST_RUN_SPREAD.toMillis() * (10 + fresh.size());
    int place = 0;
    for (Passive added : fresh) {
      // Each somewhere in a slot of its own, so that no two seconds have more to do than others,
      // nor the agents of several nodes that start at once.
      double slot = (place++ + ThreadLocalRandom.current().nextDouble()) / fresh.size();
      long most = Math.min(spread, added.probe.config().every().toMillis());
      added.probe.start(tools.scheduler(), toTick((long) (slot * most * 1e6)));
    }
    if (watched.isEmpty() && passive != null) {
      passive.cancel();
      passive = null;
    } else if (!watched.isEmpty() && passive == null) {
      passive = tools.scheduler().every(PASSIVE, PASSIVE, this::lookPassively);
    }
  }

  private Duration toTick(long delayNanos) {
    long now = tools.clock().nanos();
    long due = now + delayNanos;
    return Duration.ofNanos(due + TICK_NANOS - Math.floorMod(due, TICK_NANOS) - now);
  }

  /** Tells the state of every probe again; to be called when the link to the collector is new. */
  public void tellAll() {
    for (Passive each : watched) {
      each.probe.tellAgain();
    }
  }

  /** The present state of each probe as an event of now, for those that had a result. */
  public List<Event> statesNow() {
    List<Event> all = new ArrayList<>();
    for (Passive each : watched) {
      each.probe.stateNow("hourly").ifPresent(all::add);
    }
    return all;
  }

  /** The present state of each probe, in the order of the configuration. */
  public List<ProbeStatus> statuses() {
    List<ProbeStatus> all = new ArrayList<>();
    for (Passive each : watched) {
      all.add(each.probe.status());
    }
    return all;
  }

  @Override
  public synchronized void close() {
    if (passive != null) {
      passive.cancel();
    }
    for (Passive each : watched) {
      each.probe.stop(false);
    }
    sockets.close();
  }

  private Watched watch(ProbeConfig config) {
    Probe probe = config.module().probe(config.target(), config.timeout(), tools);
    return new Watched(config, probe, tools.clock(), teller, hints, meters);
  }

  /** On the scheduler's thread: it only reads memory that the kernel prints. */
  private void lookPassively() {
    boolean any = false;
    for (Passive each : watched) {
      any |= each.probe.probe().isWatchable();
    }
    if (!any) {
      return;
    }
    try {
      sockets.read();
      socketsUnreadable = false;
    } catch (IOException e) {
      if (!socketsUnreadable) {
        log.warn(
            "listening sockets cannot be read, probes go on without cause=\"{}\"", e.toString());
      }
      socketsUnreadable = true;
      return;
    }
    for (Passive each : watched) {
      each.look();
    }
  }

  /** The passive side of one probe. Used by the scheduler's thread alone. */
  private final class Passive {
    private final Watched probe;
    private Listens before = Listens.UNKNOWN;

    Passive(Watched probe) {
      this.probe = probe;
    }

    void look() {
      Listens now = probe.probe().listens(sockets);
      // Only a change counts: a port that is forwarded has no listening socket and yet is up.
      if (now != before && now != Listens.UNKNOWN && before != Listens.UNKNOWN) {
        probe.turnNow();
      }
      before = now;
    }
  }
}
