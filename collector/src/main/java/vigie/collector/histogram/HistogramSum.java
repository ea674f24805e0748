package vigie.collector.histogram;

import java.util.Arrays;

/**
 * Sums histograms, each number with a running compensation (Neumaier's) as Prometheus does, so that
 * rounding agrees; also their mean, which stays finite where the sum does not. Not safe for several
 * threads.
 */
public final class HistogramSum {
  private int schema;
  private Histogram.Hint hint;
  private double threshold;
  private double[] bounds;

  /** The zero bucket, the count and the sum, each with its compensation behind it. */
  private double[] numbers;

  private Side positive;
  private Side negative;
  private double added = 1;

  /** Whether what is held is a mean and not a sum. */
  private boolean running;

  /** Begins with a first one. */
  public HistogramSum(Histogram first) {
    schema = first.schema();
    hint = first.hint();
    threshold = first.zeroThreshold();
    bounds = first.customBounds();
    numbers = new double[] {first.zeroCount(), 0, first.count(), 0, first.sum(), 0};
    positive = Side.of(first.positive());
    negative = Side.of(first.negative());
  }

  private HistogramSum(HistogramSum other) {
    schema = other.schema;
    hint = other.hint;
    threshold = other.threshold;
    bounds = other.bounds;
    numbers = other.numbers.clone();
    positive = other.positive.copy();
    negative = other.negative.copy();
    added = other.added;
    running = other.running;
  }

  /** Whether one can be added: exponential buckets and custom bounds don't add up. */
  public boolean takes(Histogram next) {
    return next.isCustom() == (schema == Histogram.CUSTOM);
  }

  /** Whether adding will leave only those custom bounds that all have. */
  public boolean hasOtherBounds(Histogram next) {
    return next.isCustom() && !Arrays.equals(bounds, next.customBounds());
  }

  /** Adds one of the same kind. */
  public void add(Histogram next) {
    hint = Histogram.joined(hint, next.hint());
    Histogram h = next;
    if (h.isCustom()) {
      if (hasOtherBounds(h)) {
        double[] both = Layouts.intersection(bounds, h.customBounds());
        positive.toBounds(bounds, both);
        h = Layouts.toBounds(h, both);
        bounds = both;
      }
    } else {
      while (threshold != h.zeroThreshold()) {
        if (threshold < h.zeroThreshold()) {
          widen(h.zeroThreshold());
        } else {
          h = Layouts.toThreshold(h, threshold);
        }
      }
      if (schema > h.schema()) {
        positive.coarsen(schema, h.schema());
        negative.coarsen(schema, h.schema());
        schema = h.schema();
      }
      h = Layouts.toSchema(h, schema);
    }
    add(numbers, 0, h.zeroCount());
    add(numbers, 2, h.count());
    add(numbers, 4, h.sum());
    positive.add(h.positive());
    negative.add(h.negative());
    added++;
  }

  /** Adds one to what will be asked for its mean. */
  public void addToMean(Histogram next) {
    if (!running) {
      HistogramSum sum = new HistogramSum(this);
      sum.add(next);
      if (!sum.isInfinite()) {
        take(sum);
        return;
      }
      running = true;
      scale(1 / added, added);
    }
    double count = added + 1;
    scale(added / count, 0);
    add(next.dividedBy(count));
  }

  private void take(HistogramSum other) {
    schema = other.schema;
    hint = other.hint;
    threshold = other.threshold;
    bounds = other.bounds;
    numbers = other.numbers;
    positive = other.positive;
    negative = other.negative;
    added = other.added;
  }

  private boolean isInfinite() {
    return Double.isInfinite(numbers[0])
        || Double.isInfinite(numbers[2])
        || Double.isInfinite(numbers[4])
        || positive.isInfinite()
        || negative.isInfinite();
  }

  /** Divides by the divisor unless that is 0, and multiplies otherwise. */
  private void scale(double factor, double divisor) {
    scale(numbers, numbers.length, factor, divisor);
    scale(positive.numbers, 2 * positive.size, factor, divisor);
    scale(negative.numbers, 2 * negative.size, factor, divisor);
  }

  private static void scale(double[] numbers, int count, double factor, double divisor) {
    for (int i = 0; i < count; i++) {
      numbers[i] = divisor == 0 ? numbers[i] * factor : numbers[i] / divisor;
    }
  }

  public Histogram sum() {
    return result(1);
  }

  public Histogram mean() {
    return result(running ? 1 : added);
  }

  private Histogram result(double divisor) {
    Buckets up = positive.buckets(divisor);
    Buckets down = negative.buckets(divisor);
    return new Histogram(
            schema,
            hint,
            threshold,
            total(numbers, 0, divisor),
            total(numbers, 2, divisor),
            total(numbers, 4, divisor),
            up,
            down,
            bounds)
        .compacted();
  }

  private static double total(double[] numbers, int at, double divisor) {
    return numbers[at] / divisor + numbers[at + 1] / divisor;
  }

  private void widen(double least) {
    // What the buckets say of where they are is the same with and without compensation.
    Histogram shape =
        new Histogram(
            schema, hint, threshold, 0, 0, 0, positive.buckets(1), negative.buckets(1), bounds);
    Histogram wider = Layouts.toThreshold(shape, least);
    threshold = wider.zeroThreshold();
    positive.moveFirst(shape.positive().size() - wider.positive().size(), numbers);
    negative.moveFirst(shape.negative().size() - wider.negative().size(), numbers);
  }

  private static void add(double[] numbers, int at, double value) {
    double sum = numbers[at];
    double next = sum + value;
    if (Double.isInfinite(next)) {
      numbers[at + 1] = 0;
    } else if (Math.abs(sum) >= Math.abs(value)) {
      numbers[at + 1] += (sum - next) + value;
    } else {
      numbers[at + 1] += (value - next) + sum;
    }
    numbers[at] = next;
  }

  /** Buckets with compensations: of each, its count and behind that its compensation. */
  private static final class Side {
    private int[] indexes;
    private double[] numbers;
    private int size;

    private Side(int[] indexes, double[] numbers, int size) {
      this.indexes = indexes;
      this.numbers = numbers;
      this.size = size;
    }

    static Side of(Buckets buckets) {
      Side side = new Side(new int[buckets.size()], new double[2 * buckets.size()], buckets.size());
      for (int i = 0; i < side.size; i++) {
        side.indexes[i] = buckets.index(i);
        side.numbers[2 * i] = buckets.count(i);
      }
      return side;
    }

    Side copy() {
      return new Side(indexes.clone(), numbers.clone(), size);
    }

    boolean isInfinite() {
      for (int i = 0; i < size; i++) {
        if (Double.isInfinite(numbers[2 * i])) {
          return true;
        }
      }
      return false;
    }

    Buckets buckets(double divisor) {
      double[] counts = new double[size];
      for (int i = 0; i < size; i++) {
        counts[i] = total(numbers, 2 * i, divisor);
      }
      return Buckets.of(Arrays.copyOf(indexes, size), counts);
    }

    void add(Buckets other) {
      int missing = missing(other);
      if (missing > 0) {
        insert(other, missing);
      }
      int at = 0;
      for (int i = 0; i < other.size(); i++) {
        while (indexes[at] < other.index(i)) {
          at++;
        }
        HistogramSum.add(numbers, 2 * at, other.count(i));
      }
    }

    /** How many of the buckets are not here. */
    private int missing(Buckets other) {
      int missing = 0;
      int at = 0;
      for (int i = 0; i < other.size(); i++) {
        while (at < size && indexes[at] < other.index(i)) {
          at++;
        }
        missing += at < size && indexes[at] == other.index(i) ? 0 : 1;
      }
      return missing;
    }

    /** Puts empty buckets where some are missing. */
    private void insert(Buckets other, int missing) {
      int[] newIndexes = new int[size + missing];
      double[] newNumbers = new double[2 * newIndexes.length];
      int at = 0;
      int k = 0;
      for (int i = 0; i < newIndexes.length; i++) {
        boolean mine = k == other.size() || (at < size && indexes[at] <= other.index(k));
        newIndexes[i] = mine ? indexes[at] : other.index(k);
        k += k < other.size() && other.index(k) == newIndexes[i] ? 1 : 0;
        if (mine) {
          newNumbers[2 * i] = numbers[2 * at];
          newNumbers[2 * i + 1] = numbers[2 * at++ + 1];
        }
      }
      indexes = newIndexes;
      numbers = newNumbers;
      size = newIndexes.length;
    }

    void coarsen(int schema, int coarser) {
      for (int i = 0; i < size; i++) {
        indexes[i] = Bounds.coarser(indexes[i], schema, coarser);
      }
      merge();
    }

    void toBounds(double[] from, double[] bounds) {
      for (int i = 0; i < size; i++) {
        int index = indexes[i];
        int place = index < from.length ? Arrays.binarySearch(bounds, from[index]) : bounds.length;
        indexes[i] = place < 0 ? -place - 1 : place;
      }
      merge();
    }

    /** Makes one of neighbours that have the same index now. */
    private void merge() {
      int last = -1;
      for (int i = 0; i < size; i++) {
        if (last >= 0 && indexes[last] == indexes[i]) {
          HistogramSum.add(numbers, 2 * last, numbers[2 * i]);
          HistogramSum.add(numbers, 2 * last, numbers[2 * i + 1]);
        } else {
          last++;
          indexes[last] = indexes[i];
          numbers[2 * last] = numbers[2 * i];
          numbers[2 * last + 1] = numbers[2 * i + 1];
        }
      }
      size = last + 1;
    }

    /** Moves the first buckets into the first of the numbers. */
    void moveFirst(int count, double[] into) {
      for (int i = 0; i < count; i++) {
        HistogramSum.add(into, 0, numbers[2 * i]);
        HistogramSum.add(into, 0, numbers[2 * i + 1]);
      }
      indexes = Arrays.copyOfRange(indexes, count, size);
      numbers = Arrays.copyOfRange(numbers, 2 * count, 2 * size);
      size -= count;
    }
  }
}
