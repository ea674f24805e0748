package vigie.collector.histogram;

import vigie.collector.histogram.Histogram.Hint;

/** Finds out whether a counter was reset between two histograms. */
final class Resets {
  private Resets() {}

  static boolean isReset(Histogram now, Histogram before) {
    if (now.hint() == Hint.RESET || now.hint() == Hint.NOT_RESET) {
      return now.hint() == Hint.RESET;
    }
    if (now.count() < before.count() || now.isCustom() != before.isCustom()) {
      return true;
    }
    // Only a new start makes the zero bucket narrower or the resolution finer.
    if (now.schema() > before.schema() || now.zeroThreshold() < before.zeroThreshold()) {
      return true;
    }
    Layouts.Pair pair = Layouts.common(now, before);
    // Or puts the end of the zero bucket where a bucket was populated.
    return pair.one().zeroThreshold() != now.zeroThreshold() || isLower(pair.one(), pair.other());
  }

  /** Whether any count of two in the same layout is lower than before. */
  static boolean isLower(Histogram now, Histogram before) {
    return now.count() < before.count()
        || now.zeroCount() < before.zeroCount()
        || isLower(now.positive(), before.positive())
        || isLower(now.negative(), before.negative());
  }

  private static boolean isLower(Buckets now, Buckets before) {
    int at = 0;
    for (int i = 0; i < before.size(); i++) {
      while (at < now.size() && now.index(at) < before.index(i)) {
        at++;
      }
      boolean there = at < now.size() && now.index(at) == before.index(i);
      if (there ? now.count(at) < before.count(i) : before.count(i) != 0) {
        return true;
      }
    }
    return false;
  }
}
