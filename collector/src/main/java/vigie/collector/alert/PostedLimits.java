package vigie.collector.alert;

import vigie.base.config.Section;

/**
 * {@code posted_alerts:} of the collector: what other servers may post.
 *
 * @param most alerts at once
 * @param labels of one alert, and as many annotations
 * @param bytes of one alert, all its texts together
 */
public record PostedLimits(int most, int labels, int bytes) {
  public static final PostedLimits DEFAULTS = new PostedLimits(20_000, 64, 16 << 10);

  /** Reads the section, unknown keys included. */
  public static PostedLimits read(Section section) {
    PostedLimits limits =
        new PostedLimits(
            (int) section.integer("most", DEFAULTS.most, 1, 1_000_000),
            (int) section.integer("labels", DEFAULTS.labels, 1, 1000),
            (int) section.bytes("bytes", DEFAULTS.bytes, 1 << 10, 1 << 20));
    section.end();
    return limits;
  }
}
