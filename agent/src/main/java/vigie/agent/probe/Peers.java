package vigie.agent.probe;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Position;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * The section {@code peers}: neighbours of this node, each looked at all the time by a probe of its
 * own, so that the collector can tell a host that is dead from one whose link is lost.
 */
public final class Peers {
  /** What the names of their probes begin with. */
  static final String PREFIX = "peer/";

  private static final int MOST = 100;
  private static final int MOST_NAME = 64;
  private static final Duration EVERY = Duration.ofSeconds(10);

  /** One lost packet tells nothing. */
  private static final Damping DAMPING = new Damping(2, 1, 2, null, null);

  private static final String EXPECTED =
      "a peer is a host's name, or {name: p3, icmp: 10.0.0.3}, or {name: p4, tcp: HOST:PORT}";

  private Peers() {}

  /**
   * Reads the list; faults go to the section's.
   *
   * @param self the name of this node, which may stand in a list that all nodes share and is left
   *     out
   */
  public static List<ProbeConfig> readAll(Section agent, String self) {
    Map<String, ProbeConfig> all = new LinkedHashMap<>();
    Map<String, Position> names = new LinkedHashMap<>();
    List<Value> peers = agent.list("peers");
    if (peers.size() > MOST) {
      agent.fault("peers", "more than " + MOST + " peers; a few neighbours see as much");
    }
    for (Value value : peers) {
      ProbeConfig probe = value.isSection() ? read(value.section()) : host(value);
      if (probe == null) {
        continue;
      }
      Position first = names.putIfAbsent(probe.name(), value.position());
      if (first != null) {
        value.fault("peer \"" + probe.peer() + "\" stands here twice; the first is at " + first);
      }
      all.put(probe.name(), probe);
    }
    all.remove(PREFIX + self);
    return new ArrayList<>(all.values());
  }

  private static @Nullable ProbeConfig host(Value value) {
    if (value.isList()) {
      value.fault(EXPECTED);
      return null;
    }
    String host = value.string();
    return host == null ? null : probe(value, host, IcmpModule.PLAIN, host);
  }

  private static @Nullable ProbeConfig read(Section section) {
    String name = section.requiredString("name");
    Value icmp = section.value("icmp");
    Value tcp = section.value("tcp");
    section.end();
    if (icmp != null && tcp != null) {
      tcp.fault("a peer is looked at in one way, here are icmp and tcp");
      return null;
    }
    Value at = icmp == null ? tcp : icmp;
    at = at == null ? section.value("name") : at;
    String target = at == null ? null : at.string();
    return at == null || target == null || name.isEmpty()
        ? null
        : probe(at, name, tcp == null ? IcmpModule.PLAIN : TcpModule.CONNECT, target);
  }

  private static @Nullable ProbeConfig probe(Value at, String name, Module module, String target) {
    if (name.length() > MOST_NAME || name.chars().anyMatch(c -> c <= ' ' || c == 127)) {
      at.fault("the name of a peer must be 1 to " + MOST_NAME + " characters without blanks");
      return null;
    }
    try {
      module.checkTarget(target);
    } catch (IllegalArgumentException e) {
      at.fault(e.getMessage() + "; " + EXPECTED);
      return null;
    }
    return new ProbeConfig(PREFIX + name, module, target, EVERY, module.timeout(), DAMPING);
  }
}
