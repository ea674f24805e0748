package vigie.agent.facts;

import java.time.Duration;
import vigie.base.config.Section;

/**
 * {@code facts:} of {@code agent.yaml}: what is slow to find out of the hardware.
 *
 * @param every how often sensors, disks and batteries are asked; the rest is asked once
 * @param serials whether serial numbers of the machine and its disks are told
 */
public record FactsConfig(boolean enabled, Duration every, boolean serials) {
  public static final FactsConfig DEFAULTS = new FactsConfig(true, Duration.ofMinutes(5), false);

  private static final Duration LEAST = Duration.ofSeconds(5);
  private static final Duration MOST = Duration.ofDays(1);

  /** Reads the section. */
  public static FactsConfig read(Section section) {
    FactsConfig config =
        new FactsConfig(
            section.bool("enabled", DEFAULTS.enabled),
            section.duration("every", DEFAULTS.every, LEAST, MOST),
            section.bool("serials", DEFAULTS.serials));
    section.end();
    return config;
  }
}
