package vigie.collector.histogram;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Floats;

/**
 * A native histogram: how many observations fell into each of many buckets, with their count and
 * sum. Its buckets are exponential (schema -4 to 8) on both sides of a zero bucket, or have upper
 * bounds of their own (schema -53). Counts may be fractions, and below zero in the result of a
 * subtraction. Immutable. Source: Prometheus's specification of native histograms.
 */
public final class Histogram {
  public static final int LEAST_SCHEMA = -4;
  public static final int MOST_SCHEMA = 8;

  /** The schema of buckets with bounds of their own. */
  public static final int CUSTOM = -53;

  /** As many buckets may stand on one side. */
  public static final int MOST_BUCKETS = 10_000;

  /** What is known of the sample before. */
  public enum Hint {
    /** Whether the counter was reset has to be found out by comparison. */
    UNKNOWN,
    /** The counter was reset. */
    RESET,
    /** The counter went on. */
    NOT_RESET,
    /** There is no counter: counts may go down. */
    GAUGE
  }

  private static final double[] NO_BOUNDS = new double[0];

  private final int schema;
  private final Hint hint;
  private final double zeroThreshold;
  private final double zeroCount;
  private final double count;
  private final double sum;
  private final Buckets positive;
  private final Buckets negative;
  private final double[] customBounds;

  Histogram(
      int schema,
      Hint hint,
      double zeroThreshold,
      double zeroCount,
      double count,
      double sum,
      Buckets positive,
      Buckets negative,
      double[] customBounds) {
    this.schema = schema;
    this.hint = hint;
    this.zeroThreshold = zeroThreshold;
    this.zeroCount = zeroCount;
    this.count = count;
    this.sum = sum;
    this.positive = positive;
    this.negative = negative;
    this.customBounds = customBounds;
  }

  /** With exponential buckets, and nothing checked; see {@link #validate()}. */
  public static Histogram exponential(
      int schema,
      Hint hint,
      double zeroThreshold,
      double zeroCount,
      double count,
      double sum,
      Buckets positive,
      Buckets negative) {
    return new Histogram(
        schema, hint, zeroThreshold, zeroCount, count, sum, positive, negative, NO_BOUNDS);
  }

  /**
   * With buckets up to each of these bounds and one above the last; nothing is checked. The array
   * is taken over: pass the same one for a series where you can.
   */
  public static Histogram custom(
      Hint hint, double count, double sum, Buckets buckets, double[] bounds) {
    return new Histogram(CUSTOM, hint, 0, 0, count, sum, buckets, Buckets.EMPTY, bounds);
  }

  /**
   * @throws IllegalArgumentException that says what no source could rightly send: an unknown
   *     schema, counts below zero, bounds that don't rise, buckets of the wrong kind
   */
  public void validate() {
    if (isCustom()) {
      require(zeroThreshold == 0 && zeroCount == 0, "custom buckets with a zero bucket");
      require(negative.size() == 0, "custom buckets with negative ones");
      require(customBounds.length <= MOST_BUCKETS, "more than " + MOST_BUCKETS + " bounds");
      for (int i = 0; i < customBounds.length; i++) {
        require(
            i == 0 ? !Double.isNaN(customBounds[0]) : customBounds[i] > customBounds[i - 1],
            "custom bounds that do not rise");
        require(customBounds[i] != Double.POSITIVE_INFINITY, "a custom bound at infinity");
      }
      for (int i = 0; i < positive.size(); i++) {
        require(
            positive.index(i) >= 0 && positive.index(i) <= customBounds.length,
            "bucket " + positive.index(i) + " of " + (customBounds.length + 1));
      }
    } else {
      require(schema >= LEAST_SCHEMA && schema <= MOST_SCHEMA, "schema " + schema);
      require(customBounds.length == 0, "custom bounds with schema " + schema);
      require(
          zeroThreshold >= 0 && !Double.isInfinite(zeroThreshold),
          "a zero threshold of " + zeroThreshold);
    }
    require(!(zeroCount < 0), "a zero bucket of " + zeroCount);
    require(!(count < 0), "a count of " + count);
    requireNoneBelowZero(positive);
    requireNoneBelowZero(negative);
  }

  private static void requireNoneBelowZero(Buckets buckets) {
    for (int i = 0; i < buckets.size(); i++) {
      require(!(buckets.count(i) < 0), "a bucket of " + buckets.count(i));
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException("histogram with " + otherwise);
    }
  }

  public int schema() {
    return schema;
  }

  public boolean isCustom() {
    return schema == CUSTOM;
  }

  public Hint hint() {
    return hint;
  }

  public boolean isGauge() {
    return hint == Hint.GAUGE;
  }

  /** Half the width of the zero bucket, which holds values from its negative up to it. */
  public double zeroThreshold() {
    return zeroThreshold;
  }

  public double zeroCount() {
    return zeroCount;
  }

  /** How many observations there are, those that are NaN and in no bucket included. */
  public double count() {
    return count;
  }

  public double sum() {
    return sum;
  }

  /** The buckets above the zero bucket; with custom bounds, all. */
  public Buckets positive() {
    return positive;
  }

  /** The buckets below the zero bucket, the one nearest to it first. */
  public Buckets negative() {
    return negative;
  }

  /** The upper bounds that rise, but for the last bucket's, infinity. Not to be written to. */
  public double[] customBounds() {
    return customBounds;
  }

  /** The upper bound of a positive bucket; of a negative one, the lower bound without its sign. */
  public double upper(int index) {
    if (isCustom()) {
      return index < 0
          ? Double.NEGATIVE_INFINITY
          : index < customBounds.length ? customBounds[index] : Double.POSITIVE_INFINITY;
    }
    return Bounds.upper(schema, index);
  }

  /** The bound on the other side; minus infinity for the first custom bucket. */
  public double lower(int index) {
    return upper(index - 1);
  }

  public Histogram withHint(Hint newHint) {
    return newHint == hint
        ? this
        : new Histogram(
            schema,
            newHint,
            zeroThreshold,
            zeroCount,
            count,
            sum,
            positive,
            negative,
            customBounds);
  }

  /** The same with other numbers in the buckets and around them. */
  Histogram with(
      double newZeroCount,
      double newCount,
      double newSum,
      Buckets newPositive,
      Buckets newNegative) {
    return new Histogram(
        schema,
        hint,
        zeroThreshold,
        newZeroCount,
        newCount,
        newSum,
        newPositive,
        newNegative,
        customBounds);
  }

  /** Whether both have exponential buckets, or both bounds of their own: others don't add up. */
  public boolean isOfKind(Histogram other) {
    return isCustom() == other.isCustom();
  }

  /** Whether both have bounds of their own, and not the same. */
  public boolean hasOtherBounds(Histogram other) {
    return isCustom() && other.isCustom() && !Arrays.equals(customBounds, other.customBounds);
  }

  /** Whether one hint says reset and the other not reset. */
  public boolean contradicts(Histogram other) {
    return (hint == Hint.RESET && other.hint == Hint.NOT_RESET)
        || (hint == Hint.NOT_RESET && other.hint == Hint.RESET);
  }

  /**
   * The sum of two of a kind, in the layout that both can have: the wider zero bucket, the coarser
   * schema, the custom bounds that both have. A gauge where either is one.
   */
  public Histogram plus(Histogram other) {
    return combined(other, 1);
  }

  /** The difference of two of a kind, as {@link #plus} the sum. */
  public Histogram minus(Histogram other) {
    return combined(other, -1);
  }

  private Histogram combined(Histogram other, double sign) {
    Layouts.Pair pair = Layouts.common(this, other);
    Histogram a = pair.one();
    Histogram b = pair.other();
    return a.withHint(joined(hint, other.hint))
        .with(
            a.zeroCount + sign * b.zeroCount,
            count + sign * other.count,
            sum + sign * other.sum,
            a.positive.plus(b.positive, sign),
            a.negative.plus(b.negative, sign));
  }

  static Hint joined(Hint one, Hint other) {
    if (one == other) {
      return one;
    }
    return one == Hint.GAUGE || other == Hint.GAUGE ? Hint.GAUGE : Hint.UNKNOWN;
  }

  /** All counts and the sum times a factor; a gauge if that is negative. */
  public Histogram times(double factor) {
    Histogram product =
        with(
            zeroCount * factor,
            count * factor,
            sum * factor,
            positive.times(factor),
            negative.times(factor));
    return factor < 0 ? product.withHint(Hint.GAUGE) : product;
  }

  /** All counts and the sum by a divisor; 0 leaves no buckets. */
  public Histogram dividedBy(double divisor) {
    Histogram quotient =
        with(
            zeroCount / divisor,
            count / divisor,
            sum / divisor,
            divisor == 0 ? Buckets.EMPTY : positive.dividedBy(divisor),
            divisor == 0 ? Buckets.EMPTY : negative.dividedBy(divisor));
    return divisor < 0 ? quotient.withHint(Hint.GAUGE) : quotient;
  }

  /**
   * The same in a schema that is not finer.
   *
   * @param coarser at most {@link #schema}, and not {@link #CUSTOM} unless that is
   */
  public Histogram toSchema(int coarser) {
    return Layouts.toSchema(this, coarser);
  }

  /** One of the same layout without observations. */
  public Histogram emptied() {
    return with(0, 0, 0, Buckets.EMPTY, Buckets.EMPTY).withHint(Hint.UNKNOWN);
  }

  /** Count and sum without the buckets. */
  public Histogram withoutBuckets() {
    return new Histogram(schema, hint, 0, 0, count, sum, Buckets.EMPTY, Buckets.EMPTY, NO_BOUNDS);
  }

  /** As many numbers as this is made of, about: for limits. */
  public int size() {
    return 8 + positive.size() + negative.size() + customBounds.length;
  }

  /** The same without buckets that are empty. */
  public Histogram compacted() {
    Buckets up = positive.compacted();
    Buckets down = negative.compacted();
    return up == positive && down == negative ? this : with(zeroCount, count, sum, up, down);
  }

  /**
   * As a store keeps it behind the sample before: a gauge stays one; else the hint says {@code
   * NOT_RESET} where both are laid out alike and no count went down, and {@code UNKNOWN} otherwise.
   *
   * @param before null for none, and for a float
   */
  public Histogram after(@Nullable Histogram before) {
    if (isGauge()) {
      return this;
    }
    boolean goesOn =
        before != null
            && hint != Hint.RESET
            && !before.isGauge()
            && schema == before.schema
            && zeroThreshold == before.zeroThreshold
            && Arrays.equals(customBounds, before.customBounds)
            && !Resets.isLower(this, before);
    return withHint(goesOn ? Hint.NOT_RESET : Hint.UNKNOWN);
  }

  /**
   * Whether a counter was reset between two samples: by this one's hint if it says, else because
   * the resolution rose or any count is lower.
   *
   * @param before the sample before
   */
  public boolean isResetAfter(Histogram before) {
    return Resets.isReset(this, before);
  }

  /** Whether all but the hint is the same, buckets that are there and empty included. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Histogram histogram
        && schema == histogram.schema
        && Double.compare(zeroThreshold, histogram.zeroThreshold) == 0
        && Double.compare(zeroCount, histogram.zeroCount) == 0
        && Double.compare(count, histogram.count) == 0
        && Double.compare(sum, histogram.sum) == 0
        && positive.equals(histogram.positive)
        && negative.equals(histogram.negative)
        && Arrays.equals(customBounds, histogram.customBounds);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * schema + Double.hashCode(count)) + positive.hashCode();
  }

  /** As Prometheus writes it: count, sum, and the buckets that are not empty in rising order. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder("{count:").append(Floats.general(count));
    out.append(", sum:").append(Floats.general(sum));
    for (Bucket bucket : buckets()) {
      if (bucket.count() != 0) {
        out.append(", ")
            .append(bucket.openLeft() ? '(' : '[')
            .append(Floats.general(bucket.lower()));
        out.append(',')
            .append(Floats.general(bucket.upper()))
            .append(bucket.openRight() ? ')' : ']');
        out.append(':').append(Floats.general(bucket.count()));
      }
    }
    return out.append('}').toString();
  }

  /**
   * A bucket between two values.
   *
   * @param openLeft whether a value at the lower bound is not in it
   * @param openRight whether a value at the upper bound is not in it
   */
  public record Bucket(
      double lower, double upper, boolean openLeft, boolean openRight, double count) {}

  /**
   * The buckets in rising order, that of zero only where it is populated. One that the zero bucket
   * reaches into begins where that ends.
   */
  public List<Bucket> buckets() {
    List<Bucket> all = new ArrayList<>(negative.size() + positive.size() + 1);
    for (int i = negative.size() - 1; i >= 0; i--) {
      int index = negative.index(i);
      double high = -Math.max(zeroThreshold, lower(index));
      all.add(new Bucket(-upper(index), high, false, true, negative.count(i)));
    }
    if (zeroCount > 0) {
      all.add(new Bucket(-zeroThreshold, zeroThreshold, false, false, zeroCount));
    }
    for (int i = 0; i < positive.size(); i++) {
      int index = positive.index(i);
      // The first custom bucket also holds what is at minus infinity.
      boolean open = !isCustom() || index > 0;
      double low = isCustom() ? lower(index) : Math.max(zeroThreshold, lower(index));
      all.add(new Bucket(low, upper(index), open, false, positive.count(i)));
    }
    return all;
  }
}
