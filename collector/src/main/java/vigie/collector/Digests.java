package vigie.collector;

import java.util.List;
import java.util.Objects;
import vigie.collector.alert.Alert;
import vigie.collector.node.Node;
import vigie.collector.outbox.PendingCard;

/** What differs when a list differs that a page shows; cheap enough for once a second. */
final class Digests {
  private Digests() {}

  static List<Integer> alerts(List<Alert> alerts) {
    return alerts.stream().map(a -> Objects.hash(a.fingerprint(), a.state(), a.since())).toList();
  }

  /** When a node was heard last is none of it: that changes all the time. */
  static List<Integer> nodes(List<Node> nodes) {
    return nodes.stream().map(Digests::node).toList();
  }

  private static int node(Node node) {
    var offset = node.clockOffset();
    return Objects.hash(
        node.name(),
        node.state(),
        node.why(),
        node.since(),
        node.version(),
        node.boot(),
        node.agent().connected(),
        node.agent().pending() > 0,
        offset == null ? 0 : offset.toSeconds());
  }

  static List<Integer> cards(List<PendingCard> pending) {
    return pending.stream()
        .map(
            card ->
                Objects.hash(
                    card.wanted().incident(),
                    card.receiver(),
                    card.state(),
                    card.attempts(),
                    card.messages(),
                    card.since()))
        .toList();
  }
}
