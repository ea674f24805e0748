package vigie.agent.spool;

import java.nio.file.Path;
import java.time.Duration;
import vigie.base.config.Section;

/**
 * Where events wait for the collector and for how long.
 *
 * @param path the folder; made if absent
 * @param maxBytes what the folder may take; beyond it the oldest events go
 * @param maxAge events older than this go, even unsent
 */
public record SpoolConfig(Path path, long maxBytes, Duration maxAge) {
  /** What holds where nothing is set. */
  public static final SpoolConfig DEFAULTS =
      new SpoolConfig(Path.of("/var/lib/vigie-agent/spool"), 64L << 20, Duration.ofDays(7));

  private static final long LEAST_BYTES = 1 << 20;
  private static final long MOST_BYTES = 64L << 30;
  private static final Duration LEAST_AGE = Duration.ofHours(1);
  private static final Duration MOST_AGE = Duration.ofDays(3650);

  /** Reads {@code spool:}, an empty section for all defaults. */
  public static SpoolConfig read(Section spool) {
    SpoolConfig config =
        new SpoolConfig(
            spool.path("path", DEFAULTS.path()),
            spool.bytes("max_bytes", DEFAULTS.maxBytes(), LEAST_BYTES, MOST_BYTES),
            spool.duration("max_age", DEFAULTS.maxAge(), LEAST_AGE, MOST_AGE));
    spool.end();
    return config;
  }
}
