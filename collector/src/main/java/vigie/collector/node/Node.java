package vigie.collector.node;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a node.
 *
 * @param name its name
 * @param expected whether the configuration lists it
 * @param lastHeard when an event, a scrape or a sign of life last came from it; null if none came
 *     since the collector started
 * @param silent whether that is longer ago than {@code silent_after}
 * @param clockOffset how far its clock is behind the collector's, by its newest event that was not
 *     late; null before the first
 * @param boot the kernel's boot id, {@code ""} while unknown
 * @param spool the identity of its agent's spool, {@code ""} while unknown
 * @param version of its agent, {@code ""} while unknown
 */
public record Node(
    String name,
    boolean expected,
    @Nullable Instant lastHeard,
    boolean silent,
    @Nullable Duration clockOffset,
    String boot,
    String spool,
    String version) {}
