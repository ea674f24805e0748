package vigie.collector.node;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vigie.collector.event.Event;
import vigie.collector.event.NodeClock;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;
import vigie.collector.sample.Staleness;

/**
 * The life of one node as its events and its silence tell it. What a node says before it goes is
 * its farewell: the silence that follows is then no loss. Durations are measured on the monotonic
 * clock alone. Guarded by {@link Nodes}.
 */
final class NodeLife {
  /** Between a farewell and the last sign of life; systemd stops nothing for longer by itself. */
  private static final long FAREWELL_HOLDS = Duration.ofMinutes(5).toNanos();

  /** A node that said that it is switched off is taken at its word after this. */
  private static final long GONE = Duration.ofSeconds(15).toNanos();

  /** A session that was not told for so long has ended: two of the turns in which it is told. */
  private static final long SESSION = Duration.ofSeconds(10).toNanos();

  /** By then a node that was started anew has said so. */
  private static final long SETTLED = Duration.ofSeconds(30).toNanos();

  private static final int MOST_MACS = 16;
  private static final int MAC_LENGTH = 17;

  private static final Set<String> RESTARTS = Set.of("reboot", "kexec", "soft-reboot");

  final String name;
  boolean expected;

  /** Whether its silence means anything: it is expected, runs an agent or is scraped. */
  boolean watched;

  NodeState state = NodeState.UNSEEN;
  String why = "";
  Instant since;
  @Nullable Instant lastHeard;
  long lastNanos;
  String version = "";
  private Node.Agent agent = Node.Agent.UNKNOWN;
  final NodeClock clock = new NodeClock();

  /** The hardware address of its gateway, {@code ""} while unknown. */
  String gatewayMac = "";

  /** Those of its own interfaces. */
  List<String> macs = List.of();

  private String boot = "";
  private String spool = "";
  private long sessionNanos;
  private boolean session;

  /** What its silence would be, if it began now. */
  private NodeState farewell = NodeState.LOST;

  private long farewellNanos;

  /** Since when it is to be found out why it was away; means something while {@code unsettled}. */
  private long backNanos;

  private boolean unsettled;
  private final Labels up;
  private final Labels offset;
  private @Nullable Labels shown;

  NodeLife(String name, boolean expected, Instant now, long nanos) {
    this.name = name;
    this.expected = expected;
    this.watched = expected;
    this.since = now;
    this.lastNanos = nanos;
    this.up = Labels.of(Labels.NAME, "vigie_node_up", "node", name);
    this.offset = Labels.of(Labels.NAME, "vigie_node_clock_offset_seconds", "node", name);
  }

  /** Whether its agent is that of this spool. */
  boolean isOf(String otherSpool) {
    return spool.equals(otherSpool);
  }

  /** Any sign of life; whether it was silent until now. */
  boolean heard(Instant now, long nanos) {
    boolean back = state.isSilent();
    if (back || state == NodeState.UNSEEN) {
      become(NodeState.UP, "", now);
    }
    if (back) {
      unsettled = true;
      backNanos = nanos;
    }
    lastHeard = now;
    lastNanos = nanos;
    return back;
  }

  /**
   * It has a session.
   *
   * @param quietNanos how long ago its kernel last answered on it
   */
  void connected(long nanos, long quietNanos) {
    session = true;
    sessionNanos = nanos;
    lastNanos = Math.max(lastNanos, nanos - quietNanos);
  }

  /** What an event of its agent tells of its life. */
  void told(Event event, Instant at, long nanos) {
    Event.Origin origin = event.origin();
    if (origin != null) {
      watched = true;
      spool = origin.spool();
      if (!origin.boot().isEmpty() && !origin.boot().equals(boot)) {
        if (!boot.isEmpty()) {
          started(at);
        }
        boot = origin.boot();
      }
    }
    switch (event.type()) {
      case "node.shutdown" -> {
        boolean restarts = RESTARTS.contains(event.field("reason"));
        farewell(restarts ? NodeState.REBOOTING : NodeState.OFF, nanos);
      }
      case "agent.stop" -> {
        if (farewell == NodeState.LOST) {
          farewell(NodeState.STOPPED, nanos);
        }
      }
      case "agent.start" -> {
        version = event.field("version");
        if (unsettled) {
          settle("agent");
        }
        farewell = NodeState.LOST;
      }
      case "agent.state" -> stateTold(event, at);
      case "node.boot" -> bootTold(event);
      default -> {}
    }
  }

  private void stateTold(Event event, Instant at) {
    watched = true;
    version = event.field("version");
    String pending = event.field("pending");
    boolean number = !pending.isEmpty() && pending.length() < 19;
    for (int i = 0; i < pending.length(); i++) {
      number &= pending.charAt(i) >= '0' && pending.charAt(i) <= '9';
    }
    String gateway = event.field("gateway");
    String mac = event.field("gateway_mac");
    // A kernel forgets whom it has not talked to for a while: no news of the same gateway.
    gatewayMac = mac.isEmpty() && gateway.equals(agent.gateway()) ? gatewayMac : mac;
    macs =
        Stream.of(event.field("macs").split(",", MOST_MACS + 1))
            .limit(MOST_MACS)
            .filter(each -> each.length() == MAC_LENGTH)
            .toList();
    agent =
        new Node.Agent(
            true, number ? Long.parseLong(pending) : -1, gateway, event.field("java"), at);
  }

  private void farewell(NodeState silence, long nanos) {
    farewell = silence;
    farewellNanos = nanos;
  }

  /** Its kernel is another one than before. */
  private void started(Instant at) {
    since = at;
    settle(farewell == NodeState.OFF || farewell == NodeState.REBOOTING ? farewell.why() : "boot");
    farewell = NodeState.LOST;
  }

  private void bootTold(Event event) {
    String by = event.field("stopped_by");
    if (event.field("clean").equals("no")) {
      settle("crash");
    } else if (event.field("clean").equals("yes") && !by.isEmpty()) {
      settle(RESTARTS.contains(by) ? "reboot" : "shutdown");
    }
  }

  private void settle(String found) {
    why = found;
    unsettled = false;
  }

  /** Finds out what time alone tells; to be called every few seconds. */
  void look(long nanos) {
    session &= nanos - sessionNanos < SESSION;
    if (farewell != NodeState.LOST && lastNanos - farewellNanos > FAREWELL_HOLDS) {
      farewell = NodeState.LOST; // it did not go after all
    }
    if (unsettled && nanos - backNanos >= SETTLED) {
      settle(farewell == NodeState.STOPPED ? "agent" : "link");
    }
  }

  /** Whether it is to be taken for silent, whatever it was until now. */
  boolean isOverdue(long nanos, Duration silentAfter) {
    long after =
        farewell == NodeState.OFF ? Math.min(GONE, silentAfter.toNanos()) : silentAfter.toNanos();
    return !session && nanos - lastNanos >= after;
  }

  /** It is silent from now on. */
  void lost(Instant now) {
    become(farewell, farewell.why(), now);
  }

  /** What was told until now was history. */
  void restored(long nanos) {
    unsettled = false;
    lastNanos = nanos;
    farewellNanos = nanos;
  }

  void become(NodeState next, String why, Instant at) {
    state = next;
    since = at;
    this.why = why;
    unsettled = false;
  }

  /** The series that shows its state now. */
  Labels stateSeries() {
    return Labels.of(Labels.NAME, "vigie_node_state", "node", name, "state", state.word());
  }

  void append(Appender appender, long millis) {
    Labels now = stateSeries();
    if (shown != null && !now.equals(shown)) {
      appender.append(shown, millis, Staleness.MARKER);
    }
    shown = now;
    appender.append(up, millis, state.isSilent() ? 0 : 1);
    appender.append(now, millis, 1);
    Duration behind = clock.offset();
    if (behind != null && !state.isSilent()) {
      appender.append(offset, millis, behind.toMillis() / 1000.0);
    }
  }

  /** Ends its series: nobody will hear of it again. */
  void end(Appender appender, long millis) {
    List<Labels> all = new ArrayList<>(List.of(up, offset));
    if (shown != null) {
      all.add(shown);
    }
    all.forEach(series -> appender.append(series, millis, Staleness.MARKER));
  }

  Node asNode() {
    return new Node(
        name,
        expected,
        watched,
        state,
        why,
        since,
        lastHeard,
        clock.offset(),
        boot,
        spool,
        version,
        new Node.Agent(session, agent.pending(), agent.gateway(), agent.java(), agent.toldAt()));
  }
}
