package vigie.collector.event;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The newest state of each probe as its node told it. Within one spool the number says which is
 * newer, and never the clock, which may step. A late state waits until its node has been quiet for
 * a while: it is history if a newer one follows in the same burst, and the truth from a node with a
 * wrong clock if none does. Guarded by {@link EventSeries}.
 */
final class ProbeStates {
  /** A burst out of a spool has ended once its node said nothing for so long. */
  private static final long QUIET = Duration.ofSeconds(30).toNanos();

  /** A started agent tells the state of every probe; one that it no longer has ends after this. */
  private static final long RETOLD = Duration.ofSeconds(60).toNanos();

  /** As many as there may be series of them. */
  static final int MOST_STATES = 20_000;

  private static final class NodeProbes {
    private final Map<String, State> states = new HashMap<>();
    private long lastEvent;
    private long agentStart;
  }

  /** One probe. */
  static final class State {
    final String node;
    final String probe;
    String target = "";

    /** The neighbour that the probe looks at, {@code ""} where it is another kind of probe. */
    String peer = "";

    double value;
    @Nullable LiveSeries series;
    private String spool = "";
    private long seq;
    private Instant at = Instant.MIN;
    private boolean waits;

    /** Whether it was known before the agent started and has not been told again since. */
    private boolean unconfirmed;

    State(String node, String probe) {
      this.node = node;
      this.probe = probe;
    }

    private boolean isOlderThan(Event event, boolean late) {
      Event.Origin origin = event.origin();
      if (origin != null && origin.spool().equals(spool)) {
        return origin.seq() > seq;
      }
      return !late || !happened(event).isBefore(at);
    }

    private void set(Event event, boolean late) {
      Event.Origin origin = event.origin();
      if (origin != null) {
        spool = origin.spool();
        seq = origin.seq();
      }
      at = happened(event);
      target = event.field("target");
      peer = event.field("peer");
      value = event.type().equals("probe.down") ? 0 : 1;
      waits = late;
      unconfirmed = false;
    }

    /** Nothing happens after it was received, whatever its node's clock says. */
    private static Instant happened(Event event) {
      return event.time().isBefore(event.received()) ? event.time() : event.received();
    }
  }

  private final Map<String, NodeProbes> nodes = new HashMap<>();
  private int count; // of the states of all nodes

  /** Whether the event tells the state of a probe that counts. */
  static boolean areToldBy(Event event) {
    return switch (event.type()) {
      case "probe.up", "probe.down", "probe.slow" ->
          !event.field("probe").isEmpty() && !event.isOfShutdown();
      default -> false;
    };
  }

  /** Takes any event of a node; the state that it set, if it set one that counts at once. */
  @Nullable State heard(Event event, boolean late, long nanos) {
    boolean tells = areToldBy(event);
    NodeProbes node =
        tells && count < MOST_STATES
            ? nodes.computeIfAbsent(event.node(), name -> new NodeProbes())
            : nodes.get(event.node());
    if (node == null) {
      return null;
    }
    node.lastEvent = nanos;
    if (event.type().equals("agent.start") && !late) {
      node.agentStart = nanos;
      node.states.values().forEach(state -> state.unconfirmed = true);
    }
    if (!tells) {
      return null;
    }
    State state = node.states.get(event.field("probe"));
    if (state == null) {
      if (count >= MOST_STATES) {
        return null;
      }
      state = new State(event.node(), event.field("probe"));
      node.states.put(state.probe, state);
      count++;
    }
    if (!state.isOlderThan(event, late)) {
      return null;
    }
    state.set(event, late);
    return late ? null : state;
  }

  /** The late states that count from now on, because nothing newer came. */
  List<State> takeWaiting(long nanos) {
    List<State> ready = new ArrayList<>();
    for (NodeProbes node : nodes.values()) {
      if (nanos - node.lastEvent >= QUIET) {
        for (State state : node.states.values()) {
          if (state.waits) {
            state.waits = false;
            ready.add(state);
          }
        }
      }
    }
    return ready;
  }

  /** Forgets the probes that a started agent did not tell of again. */
  List<State> takeGone(long nanos) {
    List<State> gone = new ArrayList<>();
    for (NodeProbes node : nodes.values()) {
      if (nanos - node.agentStart >= RETOLD) {
        for (State state : node.states.values()) {
          if (state.unconfirmed) {
            gone.add(state);
          }
        }
      }
    }
    gone.forEach(this::forget);
    return gone;
  }

  void forget(State state) {
    NodeProbes node = nodes.get(state.node);
    if (node != null && node.states.remove(state.probe, state)) {
      count--;
    }
  }

  void forget(String node) {
    NodeProbes gone = nodes.remove(node);
    count -= gone == null ? 0 : gone.states.size();
  }

  /** All states that count. */
  List<State> counting() {
    List<State> all = new ArrayList<>();
    for (NodeProbes node : nodes.values()) {
      node.states.values().stream().filter(state -> !state.waits).forEach(all::add);
    }
    return all;
  }
}
