package vigie.collector.silence;

import java.time.Duration;
import vigie.base.config.Section;

/**
 * {@code silences:} of the collector: what may be set.
 *
 * @param most silences that are not over
 * @param matchers in one silence
 * @param bytes of one silence, all its texts together
 * @param keep how long one that is over stays listed
 */
public record SilenceLimits(int most, int matchers, int bytes, Duration keep) {
  public static final SilenceLimits DEFAULTS =
      new SilenceLimits(1000, 32, 16 << 10, Duration.ofDays(5));

  /** Reads the section, unknown keys included. */
  public static SilenceLimits read(Section section) {
    SilenceLimits limits =
        new SilenceLimits(
            (int) section.integer("most", DEFAULTS.most, 1, 100_000),
            (int) section.integer("matchers", DEFAULTS.matchers, 1, 1000),
            (int) section.bytes("bytes", DEFAULTS.bytes, 1 << 10, 1 << 20),
            section.duration("keep", DEFAULTS.keep, Duration.ofMinutes(1), Duration.ofDays(3650)));
    section.end();
    return limits;
  }
}
