package vigie.collector.receive;

import java.util.Set;
import java.util.TreeSet;
import vigie.base.net.Peer;

/**
 * Who may send in whose name: whoever proved a name by a certificate speaks for that name only,
 * unless it is a relay, which tells others' names. Whoever proved none is believed.
 *
 * @param relays names of certificates, in any case
 */
public record Senders(Set<String> relays) {
  static final Senders NO_RELAYS = new Senders(Set.of());

  public Senders {
    Set<String> anyCase = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    anyCase.addAll(relays);
    relays = anyCase;
  }

  /** The only name that the peer may use; {@code ""} where it may use any. */
  public String boundTo(Peer peer) {
    return relays.contains(peer.certificate()) ? "" : peer.certificate();
  }

  /** Whether an agent's record of this node may come from the peer. */
  public boolean mayTell(Peer peer, String node) {
    String bound = boundTo(peer);
    return bound.isEmpty() || bound.equalsIgnoreCase(node);
  }
}
