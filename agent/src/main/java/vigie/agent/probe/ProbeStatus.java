package vigie.agent.probe;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one probe now.
 *
 * @param last the newest result that says something, an {@code Up} or a {@code Down}; null before
 *     the first
 * @param since when the present state began, as far as this agent has seen; null before the first
 *     result
 * @param everUp whether it was up at least once since the agent started
 */
public record ProbeStatus(
    ProbeConfig config, @Nullable ProbeResult last, @Nullable Instant since, boolean everUp) {
  /** Whether the newest result is an {@code Up}. */
  public boolean isUp() {
    return last instanceof ProbeResult.Up;
  }
}
