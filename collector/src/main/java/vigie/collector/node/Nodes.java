package vigie.collector.node;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.ClockSteps;
import vigie.base.time.Durations;
import vigie.base.time.Scheduler;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.EventSink;
import vigie.collector.event.EventStore;
import vigie.collector.event.History;
import vigie.collector.event.SyslogRun;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;

/**
 * What is known of each node, and that it fell silent or came back. Nodes that are expected, that
 * run an agent or that gave a sign of life are watched: {@code node.silent} and {@code node.back}
 * are emitted, and these series follow:
 *
 * <pre>
 * vigie_node_up{node}                    1, or 0 while it is silent
 * vigie_node_state{node, state}          1 for the state it is in, one series at a time
 * vigie_node_clock_offset_seconds{node}  how far its clock is behind the collector's
 * </pre>
 *
 * A host that merely sends syslog is listed, and its silence means nothing. A node is silent when
 * it has no session and its last sign of life is {@code silent_after} ago; one that said that it is
 * switched off is so at once. Safe for all threads.
 */
public final class Nodes implements EventListener {
  private static final Logger log = LoggerFactory.getLogger(Nodes.class);
  private static final Duration CHECK_EVERY = Duration.ofSeconds(5);
  private static final Duration APPEND_EVERY = Duration.ofSeconds(15);
  private static final Duration FORGET_AFTER = Duration.ofDays(1);

  /** A node that is not expected is not missed for ever. */
  private static final Duration MISSED_FOR = Duration.ofDays(7);

  /** How far back the store is asked what became of a node that is expected. */
  private static final Duration RESTORED = Duration.ofDays(90);

  private static final List<String> RESTORING =
      List.of(
          "node.silent", "node.back", "node.shutdown", "node.boot", "agent.stop", "agent.start");

  private static final int MOST_NODES = 10_000;
  private static final int MOST_PEERS = 100;

  /** Agents tell the state of their probes once an hour: one who no longer does no longer looks. */
  private static final Duration LOOK_COUNTS = Duration.ofMinutes(130);

  private static final int DAEMON = 3;
  private static final int ERR = 3;
  private static final int NOTICE = 5;

  private final Clock clock;
  private final EventSink sink;
  private final Executor emitter;
  private final Appender appender;
  private final BiConsumer<Labels, Event> onAppended;
  private final Counter refused;
  // All below guarded by this.
  private Duration silentAfter;
  private Map<String, String> dependsOn;

  /** Whose each hardware address is, as agents say; {@code ""} where several do. */
  private Map<String, String> owners = Map.of();

  /** Whom each node is seen by: its neighbours, and what they told last. */
  private final Map<String, Map<String, Look>> seen = new HashMap<>();

  /** A neighbour's look at a node, on the monotonic clock. */
  private record Look(boolean reaches, long nanos) {}

  private final ClockSteps steps;
  private final Map<String, NodeLife> nodes = new TreeMap<>();

  /**
   * @param sink takes {@code node.silent} and {@code node.back}
   * @param emitter runs what waits for the sink; one thread, so that they keep their order
   * @param appender takes the series
   * @param onAppended told of the state's series and the event that it goes with, once that is
   *     durable; must not block
   */
  public Nodes(
      NodesConfig config,
      Clock clock,
      Scheduler scheduler,
      EventSink sink,
      Executor emitter,
      Appender appender,
      BiConsumer<Labels, Event> onAppended,
      MeterRegistry meters) {
    this.silentAfter = config.silentAfter();
    this.dependsOn = config.dependsOn();
    this.clock = clock;
    this.steps = new ClockSteps(clock);
    this.sink = sink;
    this.emitter = emitter;
    this.appender = appender;
    this.onAppended = onAppended;
    this.refused = meters.counter("vigie.nodes.refused");
    configure(config);
    scheduler.every(CHECK_EVERY, CHECK_EVERY, this::check);
    scheduler.every(APPEND_EVERY, APPEND_EVERY, this::append);
  }

  /**
   * Takes another configuration over: a node that is expected from now on has {@code silent_after}
   * to be heard; one that is no longer and never was heard is forgotten.
   */
  public synchronized void configure(NodesConfig config) {
    silentAfter = config.silentAfter();
    dependsOn = config.dependsOn();
    for (NodeLife node : List.copyOf(nodes.values())) {
      node.expected = config.expected().contains(node.name);
      if (!node.expected && node.lastHeard == null) {
        forget(node);
      }
    }
    for (String name : config.expected()) {
      NodeLife node =
          nodes.computeIfAbsent(
              name, absent -> new NodeLife(name, true, clock.now(), clock.nanos()));
      node.expected = true;
      node.watched = true;
    }
  }

  /**
   * Takes from the store what became of each node before the collector was started: a node that was
   * silent stays so, one that was switched off too; any other has {@code silent_after} anew. Call
   * it once, before events arrive.
   */
  public void restore(EventStore store) {
    Instant now = clock.now();
    List<Event> history = History.of(store, now, RESTORED, RESTORING);
    Map<String, Instant> newest = new HashMap<>();
    history.forEach(event -> newest.put(event.node(), event.received()));
    synchronized (this) {
      for (Event event : history) {
        boolean missed =
            nodes.containsKey(event.node())
                || newest.getOrDefault(event.node(), now).isAfter(now.minus(MISSED_FOR));
        NodeLife node = missed ? known(event.node()) : null;
        if (node != null) {
          retold(node, event);
        }
      }
      nodes.values().forEach(node -> node.restored(clock.nanos()));
      append();
    }
  }

  private void retold(NodeLife node, Event event) {
    node.watched = true;
    if (event.type().equals("node.silent")) {
      NodeState silent = NodeState.silentBy(event.field("why"));
      node.become(silent, silent.why(), event.received());
      return;
    }
    node.heard(event.received(), clock.nanos());
    node.told(event, event.received(), clock.nanos());
    forgetRenamed(event);
  }

  @Override
  public void onEvent(Event event, boolean late) {
    if (event.type().equals("node.silent") || event.type().equals("node.back")) {
      shown(event); // our own words are no sign of life
    } else if (!event.isDrill()) {
      take(event, late);
    }
  }

  @Override
  public void onSyslog(SyslogRun run, boolean late) {
    take(run.newest(), late); // a sign of life, as each of them
  }

  private synchronized void take(Event event, boolean late) {
    Instant now = clock.now();
    long nanos = clock.nanos();
    noticeStep(now, nanos);
    NodeLife node = known(event.node());
    if (node == null) {
      return;
    }
    heard(node, now, nanos);
    node.told(event, now, nanos);
    forgetRenamed(event);
    if (event.type().equals("agent.state")) {
      learnOwners();
    }
    if (event.origin() != null) {
      node.clock.heard(event);
      if (!late) {
        look(event);
      }
    }
  }

  /** The same agent under another name: nobody will hear of the old one, nor miss it. */
  private void forgetRenamed(Event event) {
    Event.Origin origin = event.origin();
    if (origin == null || !event.type().equals("agent.start")) {
      return;
    }
    NodeLife before = nodes.get(event.field("renamed_from"));
    if (before != null
        && !before.expected
        && !before.name.equals(event.node())
        && before.isOf(origin.spool())) {
      forget(before);
    }
  }

  private void learnOwners() {
    Map<String, String> all = new HashMap<>();
    for (NodeLife node : nodes.values()) {
      node.macs.forEach(mac -> all.merge(mac, node.name, (one, other) -> ""));
    }
    owners = all;
  }

  /** A neighbour's look at a node. */
  private void look(Event event) {
    String peer = event.field("peer");
    boolean up = event.type().equals("probe.up");
    if (peer.isEmpty() || !(up || event.type().equals("probe.down"))) {
      return;
    }
    Map<String, Look> by = seen.get(peer);
    if (by == null && seen.size() < MOST_NODES) {
      by = new HashMap<>();
      seen.put(peer, by);
    }
    if (by == null) {
      return;
    }
    by.values().removeIf(this::isOld);
    if (by.size() < MOST_PEERS || by.containsKey(event.node())) {
      by.put(event.node(), new Look(up, clock.nanos()));
    }
  }

  private boolean isOld(Look look) {
    return clock.nanos() - look.nanos() > LOOK_COUNTS.toNanos();
  }

  private void shown(Event event) {
    Labels series;
    synchronized (this) {
      NodeLife node = nodes.get(event.node());
      if (node == null || !node.watched) {
        return;
      }
      series = node.stateSeries();
    }
    onAppended.accept(series, event);
  }

  /**
   * The nodes whose agents have a session now; to be told every five seconds.
   *
   * @param sessions how long ago the peer's kernel answered last, by the node's name
   */
  public synchronized void connected(Map<String, Duration> sessions) {
    sessions.forEach(
        (name, quiet) -> {
          NodeLife node = known(name);
          if (node != null) {
            node.watched = true;
            if (node.state != NodeState.UP) {
              heard(node, clock.now(), clock.nanos());
            }
            node.connected(clock.nanos(), quiet.toNanos());
            node.lastHeard = clock.now().minus(quiet);
          }
        });
  }

  /** A sign of life: a scrape that succeeded, samples pushed. */
  public synchronized void heard(String name) {
    NodeLife node = known(name);
    if (node != null) {
      node.watched = true;
      heard(node, clock.now(), clock.nanos());
    }
  }

  /** Whether the node is silent; unknown ones are not. */
  public synchronized boolean isSilent(String name) {
    NodeLife node = nodes.get(name);
    return node != null && node.state.isSilent();
  }

  /**
   * The node without which this one is not reached, {@code ""} for none that is known: what the
   * configuration says, else the one that is its gateway, by the hardware address that both tell.
   */
  public synchronized String dependsOn(String name) {
    String written = dependsOn.get(name);
    if (written != null) {
      return written;
    }
    NodeLife node = nodes.get(name);
    String gateway = node == null ? "" : owners.getOrDefault(node.gatewayMac, "");
    return gateway.equals(name) ? "" : gateway;
  }

  /**
   * Which neighbours reach the node ({@code peers:} of their agents), by the newest that they told
   * within two hours; of those that are silent themselves nothing.
   */
  public synchronized Map<String, Boolean> seenBy(String name) {
    Map<String, Boolean> all = new TreeMap<>();
    seen.getOrDefault(name, Map.of())
        .forEach(
            (by, look) -> {
              if (!isOld(look) && !isSilent(by)) {
                all.put(by, look.reaches());
              }
            });
    return all;
  }

  /** All nodes, by name. */
  public synchronized List<Node> list() {
    return nodes.values().stream().map(NodeLife::asNode).toList();
  }

  public synchronized Optional<Node> find(String name) {
    return Optional.ofNullable(nodes.get(name)).map(NodeLife::asNode);
  }

  private @Nullable NodeLife known(String name) {
    NodeLife node = nodes.get(name);
    if (node == null) {
      if (nodes.size() >= MOST_NODES) {
        refused.increment();
        return null;
      }
      node = new NodeLife(name, false, clock.now(), clock.nanos());
      nodes.put(name, node);
    }
    return node;
  }

  private void heard(NodeLife node, Instant now, long nanos) {
    long quiet = nanos - node.lastNanos;
    Instant last = node.lastHeard;
    if (node.heard(now, nanos)) {
      String lasted = Durations.format(Duration.ofSeconds(Duration.ofNanos(quiet).toSeconds()));
      String text = node.name + " is heard again after " + lasted;
      emit(node, "node.back", NOTICE, text, lasted, last);
    }
  }

  private void noticeStep(Instant now, long nanos) {
    long stepped = steps.take(now.toEpochMilli(), nanos);
    if (stepped != 0) {
      log.warn("the clock of the collector was set by_seconds={}", stepped / 1000.0);
      nodes.values().forEach(node -> node.clock.stepped(stepped));
    }
  }

  private synchronized void check() {
    long nanos = clock.nanos();
    noticeStep(clock.now(), nanos);
    for (NodeLife node : List.copyOf(nodes.values())) {
      node.look(nanos);
      Duration quiet = Duration.ofNanos(nanos - node.lastNanos);
      Duration kept = node.watched ? MISSED_FOR : FORGET_AFTER;
      if (!node.expected && quiet.compareTo(kept) > 0) {
        forget(node);
      } else if (!node.state.isSilent() && node.isOverdue(nanos, silentAfter)) {
        node.lost(clock.now());
        boolean meant = node.state == NodeState.OFF;
        String lasted = Durations.format(Duration.ofSeconds(quiet.toSeconds()));
        emit(
            node,
            "node.silent",
            meant ? NOTICE : ERR,
            silence(node, lasted),
            lasted,
            node.lastHeard);
      }
    }
  }

  private static String silence(NodeLife node, String lasted) {
    return switch (node.state) {
      case OFF -> node.name + " was switched off";
      case REBOOTING -> node.name + " went to restart and has not come back for " + lasted;
      case STOPPED -> "the agent of " + node.name + " was stopped " + lasted + " ago";
      default -> "nothing heard from " + node.name + " for " + lasted;
    };
  }

  private void emit(
      NodeLife node,
      String type,
      int severity,
      String text,
      String quiet,
      @Nullable Instant lastHeard) {
    if (!node.watched) {
      return;
    }
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("quiet", quiet);
    if (!node.why.isEmpty()) {
      fields.put("why", node.why);
    }
    if (lastHeard != null) {
      fields.put("last_heard", lastHeard.toString());
    }
    Instant now = clock.now();
    node.append(appender, now.toEpochMilli());
    Event event =
        new Event(now, now, node.name, DAEMON, severity, "vigie", type, fields, text, null);
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    // The sink may wait for the disk, and this may run on the thread that it waits for.
    emitter.execute(() -> sink.accept(event, raw, () -> {}));
  }

  private void forget(NodeLife node) {
    nodes.remove(node.name);
    if (!node.macs.isEmpty()) {
      learnOwners();
    }
    if (node.watched) {
      node.end(appender, clock.millis());
    }
  }

  private synchronized void append() {
    long now = clock.millis();
    for (NodeLife node : nodes.values()) {
      if (node.watched) {
        node.append(appender, now);
      }
    }
  }
}
