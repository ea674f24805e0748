package vigie.agent.probe;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;

/**
 * How many results change a state.
 *
 * @param fall this many of the last {@code of} results must be down for the state to become down
 * @param rise this many of them up for it to become up
 * @param of how many results count, the newest included; those before the last change do not
 * @param slowOver an answer that takes longer is slow; null where that is not watched
 * @param slowUnder one that takes less is not slow any more; between the two nothing changes
 */
public record Damping(
    int fall, int rise, int of, @Nullable Duration slowOver, @Nullable Duration slowUnder) {
  /** Every result counts, and slowness is not watched. */
  public static final Damping NONE = new Damping(1, 1, 1, null, null);

  private static final int MOST = 60;
  private static final double UNDER = 0.8;

  /** Reads {@code fall}, {@code rise}, {@code of}, {@code slow_over} and {@code slow_under}. */
  static Damping read(Section section) {
    int fall = (int) section.integer("fall", 1, 1, MOST);
    int rise = (int) section.integer("rise", 1, 1, MOST);
    int most = Math.max(fall, rise);
    int of = (int) section.integer("of", most, 1, MOST);
    if (of < most) {
      section.fault("of", "of " + of + " is less than fall or rise, so the state could not change");
    }
    Duration over = limit(section, "slow_over", null);
    Duration under = limit(section, "slow_under", over);
    if (under != null && over == null) {
      section.fault("slow_under", "slow_under needs slow_over beside it");
    } else if (under != null && under.compareTo(over) > 0) {
      section.fault("slow_under", "slow_under must not be longer than slow_over");
    }
    return new Damping(fall, rise, of, over, under);
  }

  private static @Nullable Duration limit(
      Section section, String key, @Nullable Duration fractionOf) {
    if (section.has(key)) {
      return section.duration(key, Duration.ZERO, Duration.ofMillis(1), Duration.ofMinutes(1));
    }
    return fractionOf == null ? null : Duration.ofNanos((long) (fractionOf.toNanos() * UNDER));
  }
}
