package vigie.collector.promql;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr.Call;

/** Functions between vectors and scalars, and of a vector as a whole. */
final class VectorFunctions {
  private VectorFunctions() {}

  static double[] time(Evaluation evaluation, Call call) {
    double[] times = new double[evaluation.steps];
    for (int step = 0; step < times.length; step++) {
      times[step] = evaluation.time(step) / 1000.0;
    }
    return times;
  }

  static double[] scalar(Evaluation evaluation, Call call) {
    Block block = evaluation.vector(call.args().get(0)).numbers();
    double[] values = evaluation.filled(Double.NaN);
    for (int step = 0; step < values.length; step++) {
      int found = 0;
      for (int row = 0; row < block.rows() && found < 2; row++) {
        if (block.has(row, step)) {
          values[step] = ++found == 1 ? block.get(row, step) : Double.NaN;
        }
      }
    }
    return values;
  }

  static Block vector(Evaluation evaluation, Call call) {
    double[] values = evaluation.scalar(call.args().get(0));
    evaluation.run.hold(evaluation.steps);
    Block block = new Block(evaluation.steps, 1);
    block.add(Labels.EMPTY, false);
    for (int step = 0; step < values.length; step++) {
      block.set(0, step, values[step]);
    }
    return block;
  }

  /** Of a selector, the time of each sample; of anything computed, the time of the evaluation. */
  static Block timestamp(Evaluation evaluation, Call call) {
    Expr argument = Evaluation.unwrap(call.args().get(0));
    if (argument instanceof Expr.VectorSelector selector) {
      return evaluation.withoutNames(evaluation.select(selector, true));
    }
    Block block = evaluation.vector(argument);
    for (int row = 0; row < block.rows(); row++) {
      for (int step = 0; step < block.steps(); step++) {
        if (block.has(row, step)) {
          block.set(row, step, evaluation.time(step) / 1000.0);
        }
      }
    }
    return evaluation.withoutNames(block);
  }

  static Block absent(Evaluation evaluation, Call call) {
    Expr argument = call.args().get(0);
    return RangeCalls.absence(evaluation, evaluation.vector(argument), argument);
  }

  static Block sort(Evaluation evaluation, Call call) {
    return sorted(evaluation, call, false);
  }

  static Block sortDescending(Evaluation evaluation, Call call) {
    return sorted(evaluation, call, true);
  }

  private static Block sorted(Evaluation evaluation, Call call, boolean descending) {
    Block block = evaluation.vector(call.args().get(0)).numbers();
    if (evaluation.steps > 1) {
      evaluation.run.warn(
          call.function().name()
              + " is ineffective for range queries since results are always ordered by labels",
          call.span());
      return block;
    }
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < block.rows(); row++) {
      rows.add(row);
    }
    rows.sort(byValue(block, descending));
    Block sorted = new Block(1, block.rows());
    for (int row : rows) {
      sorted.copy(block, row);
    }
    return sorted;
  }

  /** NaN last, either way. */
  private static Comparator<Integer> byValue(Block block, boolean descending) {
    return (one, other) -> {
      double a = block.get(one, 0);
      double b = block.get(other, 0);
      if (Double.isNaN(a) || Double.isNaN(b)) {
        return Boolean.compare(Double.isNaN(a), Double.isNaN(b));
      }
      return descending ? Double.compare(b, a) : Double.compare(a, b);
    };
  }
}
