package vigie.collector.event;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The newest state of each probe, and of each unit that has failed, as its node told it. Within one
 * spool the number says which is newer, and never the clock, which may step. A late state waits
 * until its node has been quiet for a while: it is history if a newer one follows in the same
 * burst, and the truth from a node with a wrong clock if none does. Guarded by {@link EventSeries}.
 *
 * <p>An agent tells the state of its probes again when it starts. Of units it tells changes, and as
 * it starts those of the system that are down then: what was told of the others is over. Where it
 * cannot ask systemd, units stay as told until their node has booted anew.
 */
final class ToldStates {
  /** A burst out of a spool has ended once its node said nothing for so long. */
  private static final long QUIET = Duration.ofSeconds(30).toNanos();

  /**
   * A started agent tells the state of every probe; one that it no longer has ends after this. So
   * does a unit that failed before its node booted and has not since, and one that a started agent
   * found down no more.
   */
  private static final long RETOLD = Duration.ofSeconds(60).toNanos();

  /** As many as there may be series of them. */
  static final int MOST_STATES = 20_000;

  private static final class OfNode {
    private final Map<String, State> states = new HashMap<>();
    private long lastEvent;
    private long agentStart;

    /** Silent, and not heard since. */
    private boolean asleep;
  }

  /** One probe or unit. */
  static final class State {
    final String node;
    final boolean ofUnit;

    /** Of the probe or unit. */
    final String name;

    /** Whose unit it is, {@code ""} for the system's. */
    final String user;

    String target = "";

    /** The neighbour that the probe looks at, {@code ""} where it is another kind of probe. */
    String peer = "";

    double value;
    @Nullable LiveSeries series;
    private String spool = "";
    private long seq;
    private String boot = "";
    private Instant at = Instant.MIN;
    private boolean waits;

    /** Whether it was known before the agent or node started and has not been told again since. */
    private boolean unconfirmed;

    State(Event event) {
      this.node = event.node();
      this.ofUnit = isOfUnit(event);
      this.name = event.field(ofUnit ? "unit" : "probe");
      this.user = ofUnit ? event.field("user") : "";
    }

    private boolean isUnseen() {
      return !waits && (series == null || series.hasEnded());
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
        boot = origin.boot();
      }
      at = happened(event);
      target = event.field("target");
      peer = event.field("peer");
      value = event.type().equals("probe.down") || event.type().equals("unit.failed") ? 0 : 1;
      waits = late;
      unconfirmed = false;
    }

    /** Nothing happens after it was received, whatever its node's clock says. */
    private static Instant happened(Event event) {
      return event.time().isBefore(event.received()) ? event.time() : event.received();
    }
  }

  private final Map<String, OfNode> nodes = new HashMap<>();
  private int count; // of the states of all nodes

  private static boolean isOfUnit(Event event) {
    return event.type().startsWith("unit.");
  }

  private static String key(Event event) {
    return isOfUnit(event)
        ? "unit " + event.field("user") + " " + event.field("unit") // names have no spaces
        : "probe " + event.field("probe");
  }

  /** Whether the event tells a state that counts. */
  static boolean areToldBy(Event event) {
    return switch (event.type()) {
      case "probe.up", "probe.down", "probe.slow" ->
          !event.field("probe").isEmpty() && !event.isOfShutdown();
      case "unit.failed", "unit.recovered" ->
          !event.field("unit").isEmpty() && !event.isOfShutdown();
      default -> false;
    };
  }

  /** Takes any event of a node; the state that it set, if it set one that counts at once. */
  @Nullable State heard(Event event, boolean late, long nanos) {
    boolean tells = areToldBy(event);
    OfNode node =
        tells && count < MOST_STATES
            ? nodes.computeIfAbsent(event.node(), name -> new OfNode())
            : nodes.get(event.node());
    if (node == null) {
      return null;
    }
    node.lastEvent = nanos;
    node.asleep = false;
    started(node, event, late, nanos);
    if (!tells) {
      return null;
    }
    State state = node.states.get(key(event));
    if (state == null) {
      if (count >= MOST_STATES) {
        return null;
      }
      state = new State(event);
      node.states.put(key(event), state);
      count++;
    }
    if (!state.isOlderThan(event, late)) {
      return null;
    }
    state.set(event, late);
    return late ? null : state;
  }

  /** Where the agent or its node was started, what was known of it is to be told again. */
  private static void started(OfNode node, Event event, boolean late, long nanos) {
    if (event.type().equals("agent.start") && !late) {
      node.agentStart = nanos;
      node.states.values().forEach(state -> state.unconfirmed |= !state.ofUnit);
    } else if (event.type().equals("node.boot") && event.origin() != null) {
      // One may have failed in this boot before the agent told of it.
      String boot = event.origin().boot();
      node.states.values().forEach(s -> s.unconfirmed |= s.ofUnit && !s.boot.equals(boot));
    } else if (event.type().equals("agent.units") && event.fields().containsKey("failed")) {
      Set<String> down = new HashSet<>(Arrays.asList(event.field("failed").split(" ", -1)));
      for (State state : node.states.values()) {
        boolean isSystems = state.ofUnit && state.user.isEmpty();
        state.unconfirmed |=
            isSystems
                && state.value == 0
                && !down.contains(state.name)
                && state.isOlderThan(event, late);
      }
    }
  }

  /** A burst that a restart of the collector cut in two goes on: what is late waits anew. */
  void goOn(long nanos) {
    nodes.values().forEach(node -> node.lastEvent = nanos);
  }

  /** The late states that count from now on, because nothing newer came. */
  List<State> takeWaiting(long nanos) {
    List<State> ready = new ArrayList<>();
    for (OfNode node : nodes.values()) {
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

  /** Forgets those that were not told of again. */
  List<State> takeGone(long nanos) {
    List<State> gone = new ArrayList<>();
    for (OfNode node : nodes.values()) {
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

  private void forget(State state) {
    OfNode node = nodes.get(state.node);
    if (node != null && node.states.values().remove(state)) {
      count--;
    }
  }

  /** The node is silent: of its units it will tell changes only. */
  void sleep(String name) {
    OfNode node = nodes.get(name);
    if (node != null) {
      int before = node.states.size();
      node.states.values().removeIf(state -> !state.ofUnit);
      count -= before - node.states.size();
      node.asleep = true;
      if (node.states.isEmpty()) {
        nodes.remove(name);
      }
    }
  }

  /** All states that count but have no series, of nodes that are not silent. */
  List<State> unseen() {
    List<State> all = new ArrayList<>();
    for (OfNode node : nodes.values()) {
      if (!node.asleep) {
        node.states.values().stream().filter(State::isUnseen).forEach(all::add);
      }
    }
    return all;
  }
}
