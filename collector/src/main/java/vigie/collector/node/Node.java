package vigie.collector.node;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a node.
 *
 * @param name its name
 * @param expected whether the configuration lists it
 * @param watched whether its silence means something; not so of a host that merely sends syslog
 * @param why what brought the state about: {@code shutdown}, {@code reboot}, {@code agent} (that
 *     was stopped), {@code lost} (not known), and of a node that is up again also {@code crash},
 *     {@code boot} (started, nobody said why) and {@code link} (it ran on unheard); {@code ""}
 *     where there is nothing to tell
 * @param since when the state began, by the collector's clock
 * @param lastHeard when an event, a scrape or a sign of life last came from it; null if none ever
 *     did
 * @param clockOffset how far its clock is behind the collector's (negative: ahead), as its events
 *     show it; null until they do
 * @param boot the kernel's boot id, {@code ""} while unknown
 * @param spool the identity of its agent's spool, {@code ""} while unknown
 * @param version of its agent, {@code ""} while unknown
 * @param agent what else its agent says of itself
 */
public record Node(
    String name,
    boolean expected,
    boolean watched,
    NodeState state,
    String why,
    Instant since,
    @Nullable Instant lastHeard,
    @Nullable Duration clockOffset,
    String boot,
    String spool,
    String version,
    Agent agent) {
  /** One whose agent has not said anything of itself. */
  public Node(
      String name,
      boolean expected,
      boolean watched,
      NodeState state,
      String why,
      Instant since,
      @Nullable Instant lastHeard,
      @Nullable Duration clockOffset,
      String boot,
      String spool,
      String version) {
    this(
        name,
        expected,
        watched,
        state,
        why,
        since,
        lastHeard,
        clockOffset,
        boot,
        spool,
        version,
        Agent.UNKNOWN);
  }

  /**
   * What an agent says of itself when it connects and once an hour.
   *
   * @param connected whether it has a session now
   * @param pending how many events waited in its spool; −1 while unknown
   * @param gateway the address of its default route, {@code ""} while unknown
   * @param java the version of its Java, {@code ""} while unknown
   * @param toldAt when it said so, by the collector's clock; null if it never did
   */
  public record Agent(
      boolean connected, long pending, String gateway, String java, @Nullable Instant toldAt) {
    public static final Agent UNKNOWN = new Agent(false, -1, "", "", null);
  }
}
