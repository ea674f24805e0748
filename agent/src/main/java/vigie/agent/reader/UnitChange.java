package vigie.agent.reader;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a unit of systemd came into its present state.
 *
 * @param type of a service: {@code simple}, {@code notify}, {@code oneshot}, …; empty for other
 *     units
 * @param since when the state changed last; null when it never did
 */
public record UnitChange(String type, @Nullable Instant since) {}
