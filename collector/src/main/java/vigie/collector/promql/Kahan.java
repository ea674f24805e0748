package vigie.collector.promql;

/** Sums with a running compensation (Neumaier's), as Prometheus does, so that rounding agrees. */
final class Kahan {
  double sum;
  double compensation;

  void reset(double first) {
    sum = first;
    compensation = 0;
  }

  void add(double value) {
    double next = sum + value;
    compensation = compensation(sum, compensation, value, next);
    sum = next;
  }

  double total() {
    return Double.isInfinite(sum) ? sum : sum + compensation;
  }

  /** The new compensation when {@code sum} plus {@code value} has given {@code next}. */
  static double compensation(double sum, double compensation, double value, double next) {
    if (Double.isInfinite(next)) {
      return 0;
    }
    return Math.abs(sum) >= Math.abs(value)
        ? compensation + ((sum - next) + value)
        : compensation + ((value - next) + sum);
  }
}
