package vigie.collector.histogram;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The buckets of one side of a histogram: indexes that rise, and a count for each, 0 included where
 * the source had such a bucket. Immutable.
 */
public final class Buckets {
  /** No bucket. */
  public static final Buckets EMPTY = new Buckets(new int[0], new double[0]);

  /** No number is in a bucket further from that of 1, of the finest schema. */
  private static final int FURTHEST = 1 << 19;

  /** Buckets in a row: how far from the end of the span before (the first: from 0), how many. */
  public record Span(int offset, int length) {}

  private final int[] indexes;
  private final double[] counts;

  private Buckets(int[] indexes, double[] counts) {
    this.indexes = indexes;
    this.counts = counts;
  }

  /** Takes the arrays over; the indexes must rise. */
  static Buckets of(int[] indexes, double[] counts) {
    return indexes.length == 0 ? EMPTY : new Buckets(indexes, counts);
  }

  /** The first {@code size} of both; copies. */
  static Buckets of(int[] indexes, double[] counts, int size) {
    return of(Arrays.copyOf(indexes, size), Arrays.copyOf(counts, size));
  }

  /**
   * Buckets as Prometheus's formats have them. The counts are absolute and are taken over.
   *
   * @throws IllegalArgumentException where spans overlap, leave the numbers there are, or have not
   *     as many buckets as there are counts, or more than {@link Histogram#MOST_BUCKETS}
   */
  public static Buckets ofSpans(List<Span> spans, double[] counts) {
    if (counts.length > Histogram.MOST_BUCKETS) {
      throw new IllegalArgumentException(
          counts.length + " buckets, more than " + Histogram.MOST_BUCKETS);
    }
    int[] indexes = new int[counts.length];
    long next = 0;
    int size = 0;
    for (int i = 0; i < spans.size(); i++) {
      Span span = spans.get(i);
      if (span.length < 0 || (i > 0 && span.offset < 0)) {
        throw new IllegalArgumentException(
            "span " + (i + 1) + " has offset " + span.offset + " and length " + span.length);
      }
      next += span.offset;
      if (span.length > counts.length - size) {
        throw new IllegalArgumentException("spans have more buckets than the " + counts.length);
      }
      if (next < -FURTHEST || next + span.length > FURTHEST) {
        throw new IllegalArgumentException("span " + (i + 1) + " ends beyond any bucket");
      }
      for (int k = 0; k < span.length; k++) {
        indexes[size++] = (int) next++;
      }
    }
    if (size < counts.length) {
      throw new IllegalArgumentException(
          "spans have " + size + " buckets, and there are " + counts.length);
    }
    return of(indexes, counts);
  }

  public int size() {
    return indexes.length;
  }

  /** Which bucket stands at a place from 0 to before {@link #size()}. */
  public int index(int place) {
    return indexes[place];
  }

  public double count(int place) {
    return counts[place];
  }

  /** All buckets as spans without gaps. */
  public List<Span> spans() {
    List<Span> spans = new ArrayList<>();
    int end = 0;
    for (int from = 0; from < indexes.length; ) {
      int to = from + 1;
      while (to < indexes.length && indexes[to] == indexes[to - 1] + 1) {
        to++;
      }
      spans.add(new Span(indexes[from] - end, to - from));
      end = indexes[to - 1] + 1;
      from = to;
    }
    return spans;
  }

  /** The counts in the order of the indexes; a copy. */
  public double[] counts() {
    return counts.clone();
  }

  /** The same buckets with other counts, which are taken over; as many as there are buckets. */
  public Buckets withCounts(double[] newCounts) {
    if (newCounts.length != indexes.length) {
      throw new IllegalArgumentException(
          newCounts.length + " counts for " + indexes.length + " buckets");
    }
    return of(indexes, newCounts);
  }

  /** Without as many at the beginning. */
  Buckets from(int first) {
    return first == 0
        ? this
        : of(
            Arrays.copyOfRange(indexes, first, indexes.length),
            Arrays.copyOfRange(counts, first, counts.length));
  }

  /** Without the buckets whose count is 0. */
  Buckets compacted() {
    int kept = 0;
    for (double count : counts) {
      kept += count == 0 ? 0 : 1;
    }
    if (kept == counts.length) {
      return this;
    }
    int[] newIndexes = new int[kept];
    double[] newCounts = new double[kept];
    int at = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] != 0) {
        newIndexes[at] = indexes[i];
        newCounts[at++] = counts[i];
      }
    }
    return of(newIndexes, newCounts);
  }

  /** Both, each bucket with the sum of the counts; the other's times the sign. */
  Buckets plus(Buckets other, double sign) {
    if (other.indexes.length == 0) {
      return this;
    }
    int[] newIndexes = new int[indexes.length + other.indexes.length];
    double[] newCounts = new double[newIndexes.length];
    int size = 0;
    int i = 0;
    int k = 0;
    while (i < indexes.length || k < other.indexes.length) {
      boolean mine =
          k == other.indexes.length || (i < indexes.length && indexes[i] <= other.indexes[k]);
      boolean theirs =
          i == indexes.length || (k < other.indexes.length && other.indexes[k] <= indexes[i]);
      newIndexes[size] = mine ? indexes[i] : other.indexes[k];
      newCounts[size++] = (mine ? counts[i++] : 0) + (theirs ? sign * other.counts[k++] : 0);
    }
    return size == newIndexes.length ? of(newIndexes, newCounts) : of(newIndexes, newCounts, size);
  }

  Buckets times(double factor) {
    double[] products = new double[counts.length];
    for (int i = 0; i < products.length; i++) {
      products[i] = counts[i] * factor;
    }
    return of(indexes, products);
  }

  Buckets dividedBy(double divisor) {
    double[] quotients = new double[counts.length];
    for (int i = 0; i < quotients.length; i++) {
      quotients[i] = counts[i] / divisor;
    }
    return of(indexes, quotients);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Buckets buckets
        && Arrays.equals(indexes, buckets.indexes)
        && Arrays.equals(counts, buckets.counts);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(indexes) + Arrays.hashCode(counts);
  }
}
