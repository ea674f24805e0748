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
    String version) {}
