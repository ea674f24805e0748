package vigie.collector.graph;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** Round places on an axis. */
final class Ticks {
  private static final double[] SECONDS = {
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400
  };
  private static final long[] TIME_SECONDS = {
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400,
    2 * 86400,
    7 * 86400,
    14 * 86400,
    28 * 86400,
    91 * 86400,
    365 * 86400
  };

  private Ticks() {}

  /** Values from {@code least} to {@code most}, round in their unit, about {@code wanted}. */
  static List<Double> values(double least, double most, Unit unit, int wanted) {
    double step = step((most / 2 - least / 2) / wanted * 2, unit);
    List<Double> ticks = new ArrayList<>();
    double first = Math.ceil(least / step);
    for (int i = 0; i <= 3 * wanted; i++) {
      double at = (first + i) * step;
      if (at > most + step * 1e-9) {
        break;
      }
      // Not 0.30000000000000004: the tick nearest to zero is zero.
      ticks.add(Math.abs(at) < step * 1e-9 ? 0.0 : at);
    }
    return ticks;
  }

  private static double step(double rough, Unit unit) {
    if (!(rough > 0)) {
      return 1;
    }
    if (unit.kind() == Unit.Kind.SECONDS && rough >= 1) {
      for (double step : SECONDS) {
        if (step >= rough) {
          return step;
        }
      }
      return 86400 * decimal(rough / 86400);
    }
    if (unit.kind() == Unit.Kind.BYTES && rough >= 1) {
      double power = 1;
      while (rough / power >= 1024) {
        power *= 1024;
      }
      double step = decimal(rough / power);
      return (step > 512 ? 1024 : step) * power;
    }
    return decimal(rough);
  }

  /** 1, 2, 2.5 or 5 times a power of ten, not less than that. */
  private static double decimal(double rough) {
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double digit = rough / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 2.5 ? 2.5 : digit <= 5 ? 5 : 10);
  }

  /** The step between times, so that there are at most {@code most} of them. */
  static long timeStepMillis(long fromMillis, long toMillis, int most) {
    for (long step : TIME_SECONDS) {
      if ((toMillis - fromMillis) / (step * 1000) < most) {
        return step * 1000;
      }
    }
    return Math.max(1, (toMillis - fromMillis) / Math.max(1, most - 1));
  }

  /** Times that are round on the clocks of the zone, within the range. */
  static List<Long> times(long fromMillis, long toMillis, long stepMillis, ZoneId zone) {
    List<Long> ticks = new ArrayList<>();
    ZoneOffset offset = zone.getRules().getOffset(Instant.ofEpochMilli(fromMillis));
    long shift = offset.getTotalSeconds() * 1000L;
    long first = Math.floorDiv(fromMillis + shift + stepMillis - 1, stepMillis) * stepMillis;
    for (long at = first - shift; at <= toMillis && ticks.size() < 100; at += stepMillis) {
      ticks.add(at);
    }
    return ticks;
  }
}
