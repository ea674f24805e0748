package vigie.collector.node;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.base.time.Scheduler;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.EventSink;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;

/**
 * What is known of each node since the collector started. Nodes that are expected, that run an
 * agent or that gave a sign of life are watched: {@code node.silent} and {@code node.back} are
 * emitted and {@code vigie_node_up{node}} follows. A host that merely sends syslog is listed, and
 * its silence means nothing. Every node has {@code silent_after} from the collector's start.
 *
 * <p>A node is silent when it was not heard for {@code silent_after} and its agent has had no
 * session for half of that: an agent with nothing to say keeps its session open and says nothing,
 * and the session of one that lost its power stays open for up to a minute. Safe for all threads.
 */
public final class Nodes implements EventListener {
  private static final Duration CHECK_EVERY = Duration.ofSeconds(5);
  private static final Duration APPEND_EVERY = Duration.ofSeconds(15);
  private static final Duration FORGET_AFTER = Duration.ofDays(1);
  private static final int MOST_NODES = 10_000;
  private static final int DAEMON = 3;
  private static final int ERR = 3;
  private static final int NOTICE = 5;

  private static final class Known {
    private final String name;
    private final boolean expected;
    private final Labels up;
    private boolean watched;
    private boolean silent;
    private @Nullable Instant lastHeard;
    private long lastNanos;
    private long sessionNanos;
    private @Nullable Duration clockOffset;
    private String boot = "";
    private String spool = "";
    private String version = "";

    Known(String name, boolean expected, long nanos, long noSession) {
      this.name = name;
      this.expected = expected;
      this.watched = expected;
      this.lastNanos = nanos;
      this.sessionNanos = noSession;
      this.up = Labels.of(Labels.NAME, "vigie_node_up", "node", name);
    }

    Node asNode() {
      return new Node(name, expected, lastHeard, silent, clockOffset, boot, spool, version);
    }
  }

  private final Duration silentAfter;
  private final Clock clock;
  private final EventSink sink;
  private final Executor emitter;
  private final Appender appender;
  private final Counter refused;
  private final Map<String, Known> nodes = new TreeMap<>(); // guarded by this

  /**
   * @param sink takes {@code node.silent} and {@code node.back}
   * @param emitter runs what waits for the sink; one thread, so that they keep their order
   * @param appender takes {@code vigie_node_up}
   */
  public Nodes(
      NodesConfig config,
      Clock clock,
      Scheduler scheduler,
      EventSink sink,
      Executor emitter,
      Appender appender,
      MeterRegistry meters) {
    this.silentAfter = config.silentAfter();
    this.clock = clock;
    this.sink = sink;
    this.emitter = emitter;
    this.appender = appender;
    this.refused = meters.counter("vigie.nodes.refused");
    for (String name : config.expected()) {
      nodes.put(name, new Known(name, true, clock.nanos(), noSession()));
    }
    scheduler.every(CHECK_EVERY, CHECK_EVERY, this::check);
    scheduler.every(APPEND_EVERY, APPEND_EVERY, this::append);
  }

  @Override
  public synchronized void onEvent(Event event, boolean late) {
    if (event.type().equals("node.silent") || event.type().equals("node.back")) {
      return; // our own words are no sign of life
    }
    Known node = known(event.node());
    if (node == null) {
      return;
    }
    Event.Origin origin = event.origin();
    if (origin != null) {
      node.watched = true;
      node.spool = origin.spool();
      node.boot = origin.boot();
    }
    if (event.type().equals("agent.start")) {
      node.version = event.field("version");
    }
    if (!late) {
      node.clockOffset = Duration.between(event.time(), event.received());
    }
    heard(node);
  }

  /** The nodes whose agents have a session now; to be told every few seconds. */
  public synchronized void connected(Set<String> names) {
    for (String name : names) {
      Known node = known(name);
      if (node != null) {
        node.watched = true;
        if (node.silent) {
          heard(node);
        }
        node.sessionNanos = clock.nanos();
        node.lastHeard = clock.now();
      }
    }
  }

  /** A sign of life: a scrape that succeeded, samples pushed. */
  public synchronized void heard(String name) {
    Known node = known(name);
    if (node != null) {
      node.watched = true;
      heard(node);
    }
  }

  /** Whether the node is silent; unknown ones are not. */
  public synchronized boolean isSilent(String name) {
    Known node = nodes.get(name);
    return node != null && isSilent(node);
  }

  private boolean isSilent(Known node) {
    return clock.nanos() - node.lastNanos >= silentAfter.toNanos()
        && clock.nanos() - node.sessionNanos >= silentAfter.toNanos() / 2;
  }

  private long noSession() {
    return clock.nanos() - silentAfter.toNanos();
  }

  /** All nodes, by name. */
  public synchronized List<Node> list() {
    return nodes.values().stream().map(Known::asNode).toList();
  }

  public synchronized Optional<Node> find(String name) {
    return Optional.ofNullable(nodes.get(name)).map(Known::asNode);
  }

  private @Nullable Known known(String name) {
    Known node = nodes.get(name);
    if (node == null) {
      if (nodes.size() >= MOST_NODES) {
        refused.increment();
        return null;
      }
      node = new Known(name, false, clock.nanos(), noSession());
      nodes.put(name, node);
    }
    return node;
  }

  private void heard(Known node) {
    if (node.silent) {
      node.silent = false;
      Duration quiet = Duration.ofNanos(clock.nanos() - node.lastNanos);
      String lasted = Durations.format(Duration.ofSeconds(quiet.toSeconds()));
      emit(node, "node.back", NOTICE, node.name + " is heard again after " + lasted, lasted);
    }
    node.lastHeard = clock.now();
    node.lastNanos = clock.nanos();
  }

  private synchronized void check() {
    for (Known node : new ArrayList<>(nodes.values())) {
      Duration quiet = Duration.ofNanos(clock.nanos() - node.lastNanos);
      if (!node.expected && !node.watched && quiet.compareTo(FORGET_AFTER) > 0) {
        nodes.remove(node.name);
      } else if (!node.silent && isSilent(node)) {
        node.silent = true;
        String after = Durations.format(silentAfter);
        String text = "nothing heard from " + node.name + " for " + after;
        emit(node, "node.silent", ERR, text, after);
      }
    }
  }

  private void emit(Known node, String type, int severity, String text, String lasted) {
    if (!node.watched) {
      return;
    }
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("quiet", lasted);
    Instant last = node.lastHeard;
    if (last != null) {
      fields.put("last_heard", last.toString());
    }
    Instant now = clock.now();
    appender.append(node.up, now.toEpochMilli(), node.silent ? 0 : 1);
    Event event =
        new Event(now, now, node.name, DAEMON, severity, "vigie", type, fields, text, null);
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    // The sink may wait for the disk, and this may run on the thread that it waits for.
    emitter.execute(() -> sink.accept(event, raw, () -> {}));
  }

  private synchronized void append() {
    long now = clock.millis();
    for (Known node : nodes.values()) {
      if (node.watched) {
        appender.append(node.up, now, node.silent ? 0 : 1);
      }
    }
  }
}
