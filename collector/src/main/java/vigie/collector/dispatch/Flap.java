package vigie.collector.dispatch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;

/**
 * How often one alert opened.
 *
 * @param openings of the last hour, the newest last
 * @param times it has opened since {@code since}; 0 while it does not flap
 * @param since when the first of those was; null while it does not flap
 */
public record Flap(List<Instant> openings, int times, @Nullable Instant since) {
  static final Flap NONE = new Flap(List.of(), 0, null);
  private static final Duration WINDOW = Duration.ofHours(1);

  public Flap {
    openings = List.copyOf(openings);
  }

  /**
   * When an alert counts as flapping.
   *
   * @param openings an hour that are still taken one by one; more are flapping
   * @param quiet so long after it last opened or closed it has ended
   */
  public record Limits(int openings, Duration quiet) {
    static final Limits DEFAULTS = new Limits(5, Duration.ofMinutes(15));

    /** Reads the section {@code flapping}. */
    static Limits read(Section section) {
      Limits limits =
          new Limits(
              (int) section.integer("openings", DEFAULTS.openings, 1, 1_000),
              section.duration("quiet", DEFAULTS.quiet, Duration.ofSeconds(1), Duration.ofDays(1)));
      section.end();
      return limits;
    }
  }

  /** It opened once more; the same opening told twice counts once. */
  Flap opened(Instant at, Limits limits) {
    List<Instant> recent = new ArrayList<>(openings);
    recent.removeIf(old -> old.isBefore(at.minus(WINDOW)));
    if (recent.contains(at)) {
      return this;
    }
    recent.add(at);
    int most = limits.openings + 1;
    List<Instant> kept = recent.subList(Math.max(0, recent.size() - most), recent.size());
    if (since != null) {
      return new Flap(kept, times + 1, since);
    }
    return recent.size() > limits.openings
        ? new Flap(kept, recent.size(), recent.get(0))
        : new Flap(kept, 0, null);
  }

  boolean isFlapping() {
    return since != null;
  }

  /** Whether nothing of it counts any more. */
  boolean isOver(Instant now) {
    return since == null
        && (openings.isEmpty() || openings.get(openings.size() - 1).isBefore(now.minus(WINDOW)));
  }
}
