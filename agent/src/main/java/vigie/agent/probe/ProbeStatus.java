package vigie.agent.probe;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one probe now.
 *
 * @param last the newest result that says something, an {@code Up} or a {@code Down}; null before
 *     the first
 * @param up the state, which damping may hold behind the newest result; null before there is one
 * @param slow whether it is up and answers slower than configured
 * @param since when the present state began, as far as this agent has seen; null before the first
 *     result
 * @param everUp whether it was up at least once since the agent started
 */
public record ProbeStatus(
    ProbeConfig config,
    @Nullable ProbeResult last,
    @Nullable Boolean up,
    boolean slow,
    @Nullable Instant since,
    boolean everUp) {
  /** Whether the state is known and up. */
  public boolean isUp() {
    return up != null && up;
  }
}
