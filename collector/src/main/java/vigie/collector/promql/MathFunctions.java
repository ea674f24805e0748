package vigie.collector.promql;

import vigie.collector.promql.Expr.Call;

/** Functions of one value at a time. */
final class MathFunctions {
  /** A function from number to number. */
  interface Of {
    double of(double value);

    default Block over(Evaluation evaluation, Call call) {
      Block block = evaluation.vector(call.args().get(0)).numbers();
      for (int row = 0; row < block.rows(); row++) {
        for (int step = 0; step < block.steps(); step++) {
          if (block.has(row, step)) {
            block.set(row, step, of(block.get(row, step)));
          }
        }
      }
      return evaluation.withoutNames(block);
    }
  }

  private static final double LN2 = Math.log(2);

  private MathFunctions() {}

  static double log2(double value) {
    // Exact for powers of two, which a division of logarithms is not.
    if (value > 0 && !Double.isInfinite(value)) {
      int exponent = Math.getExponent(value);
      if (exponent >= Double.MIN_EXPONENT) {
        return exponent + Math.log(Math.scalb(value, -exponent)) / LN2;
      }
    }
    return Math.log(value) / LN2;
  }

  static double asinh(double value) {
    double size = Math.abs(value);
    double result;
    if (size > 1e8) {
      result = Math.log(size) + LN2;
    } else {
      double square = size * size;
      result = Math.log1p(size + square / (1 + Math.sqrt(1 + square)));
    }
    return Math.copySign(result, value);
  }

  static double acosh(double value) {
    if (value < 1) {
      return Double.NaN;
    }
    if (value > 1e8) {
      return Math.log(value) + LN2;
    }
    double above = value - 1;
    return Math.log1p(above + Math.sqrt(above * above + 2 * above));
  }

  static double atanh(double value) {
    return 0.5 * Math.log1p(2 * value / (1 - value));
  }

  static Block clamp(Evaluation evaluation, Call call) {
    return clamped(
        evaluation,
        call,
        evaluation.scalar(call.args().get(1)),
        evaluation.scalar(call.args().get(2)));
  }

  static Block clampMin(Evaluation evaluation, Call call) {
    double[] least = evaluation.scalar(call.args().get(1));
    return clamped(evaluation, call, least, evaluation.filled(Double.POSITIVE_INFINITY));
  }

  static Block clampMax(Evaluation evaluation, Call call) {
    double[] most = evaluation.scalar(call.args().get(1));
    return clamped(evaluation, call, evaluation.filled(Double.NEGATIVE_INFINITY), most);
  }

  private static Block clamped(Evaluation evaluation, Call call, double[] least, double[] most) {
    Block block = evaluation.vector(call.args().get(0)).numbers();
    for (int row = 0; row < block.rows(); row++) {
      for (int step = 0; step < block.steps(); step++) {
        if (block.has(row, step)) {
          double value = greater(least[step], lesser(most[step], block.get(row, step)));
          block.set(row, step, most[step] < least[step] ? Block.ABSENT : value);
        }
      }
    }
    return evaluation.withoutNames(block);
  }

  /** As Go, for which an infinity decides even against NaN. */
  private static double greater(double a, double b) {
    boolean decided = a == Double.POSITIVE_INFINITY || b == Double.POSITIVE_INFINITY;
    return decided ? Double.POSITIVE_INFINITY : Math.max(a, b);
  }

  private static double lesser(double a, double b) {
    boolean decided = a == Double.NEGATIVE_INFINITY || b == Double.NEGATIVE_INFINITY;
    return decided ? Double.NEGATIVE_INFINITY : Math.min(a, b);
  }

  static Block round(Evaluation evaluation, Call call) {
    double[] nearest =
        call.args().size() > 1 ? evaluation.scalar(call.args().get(1)) : evaluation.filled(1);
    Block block = evaluation.vector(call.args().get(0)).numbers();
    for (int row = 0; row < block.rows(); row++) {
      for (int step = 0; step < block.steps(); step++) {
        if (block.has(row, step)) {
          // Multiplying by the inverse rounds as Prometheus does, for which it is part of the API.
          double inverse = 1 / nearest[step];
          block.set(row, step, Math.floor(block.get(row, step) * inverse + 0.5) / inverse);
        }
      }
    }
    return evaluation.withoutNames(block);
  }
}
