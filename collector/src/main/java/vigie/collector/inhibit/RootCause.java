package vigie.collector.inhibit;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import vigie.collector.alert.Alert;
import vigie.collector.label.Labels;
import vigie.collector.node.Node;
import vigie.collector.node.NodeState;

/**
 * Which alerts have a silent node as their cause: those of the node itself, and those of nodes that
 * depend on it, by {@code nodes.depends_on} or by the alert's own label {@code depends_on}. A
 * node's silence is what an alert tells that has the label {@code node} and a label {@code state}
 * of {@code lost} or {@code rebooting}, as those of alert-rules/presence.yml. Not safe for several
 * threads.
 */
public final class RootCause {
  /**
   * Longer without a sign of life than an agent is that is scraped or has something to tell: two
   * scrapes at the usual 15 s. One that is merely connected is asked by TCP once a minute: there an
   * alert waits for that answer, half a minute at most.
   */
  private static final Duration QUIET = Duration.ofSeconds(30);

  /** From a node's silence to the alert that tells it: an event, a sync, an evaluation. */
  private static final Duration TELLING = Duration.ofSeconds(15);

  /** Nobody's silence is found out for longer than that after an alert came. */
  public static final Duration LONGEST_HOLD = Duration.ofSeconds(150);

  private static final int DEEPEST = 8;
  private static final Set<String> SILENT = Set.of("lost", "rebooting");

  /**
   * Why an alert makes no card of its own.
   *
   * @param node whose silence it is
   * @param by the fingerprints of the alerts that tell it, or {@code node/NAME} where the node was
   *     switched off and nothing tells it; empty while it is not known yet
   */
  public record Cause(String node, List<String> by) {
    public Cause {
      by = List.copyOf(by);
    }

    /** Whether it is only likely: the node is quiet, and nobody knows yet why. */
    public boolean isWaiting() {
      return by.isEmpty();
    }
  }

  private final Function<String, @Nullable Node> nodes;
  private final UnaryOperator<String> dependsOn;

  /** The alerts that tell of a node's silence, by the node. */
  private final Map<String, Map<String, Alert>> silent = new LinkedHashMap<>();

  /**
   * @param nodes what is known of a node, null for nothing
   * @param dependsOn the node without which another is not reached, {@code ""} for none
   */
  public RootCause(Function<String, @Nullable Node> nodes, UnaryOperator<String> dependsOn) {
    this.nodes = nodes;
    this.dependsOn = dependsOn;
  }

  /** Whether the alert tells that its node is silent. */
  public static boolean tellsSilence(Labels labels) {
    return labels.has("node") && SILENT.contains(labels.get("state"));
  }

  /** An alert fires; true if causes of others may have changed. */
  public boolean fires(Alert alert) {
    return tellsSilence(alert.labels())
        && silent
                .computeIfAbsent(alert.node(), node -> new LinkedHashMap<>())
                .put(alert.fingerprint(), alert)
            == null;
  }

  /** An alert ended; true if causes of others may have changed. */
  public boolean ended(Alert alert) {
    Map<String, Alert> telling = silent.get(alert.node());
    if (telling == null || telling.remove(alert.fingerprint()) == null) {
      return false;
    }
    if (telling.isEmpty()) {
      silent.remove(alert.node());
    }
    return true;
  }

  /** The fingerprints of the alerts that tell of the node's silence. */
  public Set<String> telling(String node) {
    return silent.getOrDefault(node, Map.of()).keySet();
  }

  /** Null where it stands for itself. */
  public @Nullable Cause of(Alert alert, Instant now) {
    boolean itself = tellsSilence(alert.labels());
    if (silent.isEmpty() && !itself && alert.node().isEmpty()) {
      return null;
    }
    Cause cause = null;
    Cause likely = null;
    for (String name : chain(alert, itself)) {
      Map<String, Alert> telling = silent.get(name);
      Node node = nodes.apply(name);
      if (telling != null) {
        cause = new Cause(name, List.copyOf(telling.keySet()));
      } else if (node != null && node.state() == NodeState.OFF && isLater(alert, node)) {
        cause = new Cause(name, List.of("node/" + name));
      } else if (node != null && isLikely(node, now)) {
        likely = new Cause(name, List.of());
      } else if (node != null && node.state() == NodeState.UP && !isUnheard(node, now)) {
        break; // heard just now: nothing behind it can be the cause
      }
    }
    // The farthest is the cause of causes.
    return cause != null ? cause : likely;
  }

  /** It began after the last sign of life: that the node is off was found out later. */
  private static boolean isLater(Alert alert, Node off) {
    Instant heard = off.lastHeard();
    return !alert.activeAt().isBefore(heard == null ? off.since() : heard);
  }

  /**
   * Its own node, unless it tells of that, and those that this one depends on, one behind another.
   */
  private List<String> chain(Alert alert, boolean itself) {
    List<String> chain = new ArrayList<>(2);
    String node = alert.node();
    if (!itself && !node.isEmpty()) {
      chain.add(node);
    }
    String above = alert.labels().get("depends_on");
    above = above.isEmpty() && !node.isEmpty() ? dependsOn.apply(node) : above;
    while (!above.isEmpty() && !above.equals(node) && !chain.contains(above)) {
      if (chain.size() == DEEPEST) {
        break;
      }
      chain.add(above);
      above = dependsOn.apply(above);
    }
    return chain;
  }

  /**
   * Whether it may turn out to be silent: an agent runs there, which is heard all the time while
   * all is well, and has not been for a while; or it just did, and the alert that tells it is on
   * its way. What is merely scraped is heard as often as it is scraped: its silence and the alert
   * of a failed scrape are the same news.
   */
  private static boolean isLikely(Node node, Instant now) {
    return node.state() == NodeState.UP
        ? !node.spool().isEmpty() && node.lastHeard() != null && isUnheard(node, now)
        : node.state() == NodeState.LOST
            && Duration.between(node.since(), now).compareTo(TELLING) < 0;
  }

  private static boolean isUnheard(Node node, Instant now) {
    Instant heard = node.lastHeard();
    return heard == null || Duration.between(heard, now).compareTo(QUIET) > 0;
  }
}
