package vigie.collector.promql;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;

/** Binary operators of which at least one side is a vector. */
final class VectorOperation {
  private final Evaluation evaluation;
  private final Expr.Binary binary;
  private final BinaryOp op;
  private final Expr.Matching matching;
  private final boolean bool;

  /** For {@code group_right} the sides are swapped: the many are on the left. */
  private final boolean swapped;

  private final Block left;
  private final Block right;
  private final Groups groups;
  private final int[] leftGroup;
  private final int[] rightGroup;

  private VectorOperation(Evaluation evaluation, Expr.Binary binary) {
    this.evaluation = evaluation;
    this.binary = binary;
    this.op = binary.op();
    this.matching = Objects.requireNonNull(binary.matching());
    this.bool = binary.bool();
    this.swapped = matching.cardinality() == Expr.Cardinality.ONE_TO_MANY;
    Block written = evaluation.vector(binary.left());
    Block second = evaluation.vector(binary.right());
    this.left = swapped ? second : written;
    this.right = swapped ? written : second;
    GroupKey key =
        matching.on() ? GroupKey.by(matching.labels()) : GroupKey.without(matching.labels());
    this.groups = new Groups(key, Math.max(left.rows(), right.rows()));
    this.leftGroup = groupsOf(left);
    this.rightGroup = groupsOf(right);
  }

  private int[] groupsOf(Block block) {
    int[] found = new int[block.rows()];
    for (int row = 0; row < found.length; row++) {
      found[row] = groups.of(block.labels(row));
    }
    return found;
  }

  static Block of(Evaluation evaluation, Expr.Binary binary) {
    if (binary.left().type() == ValueType.SCALAR) {
      double[] scalar = evaluation.scalar(binary.left());
      return withScalar(evaluation, binary, evaluation.vector(binary.right()), scalar, true);
    }
    if (binary.right().type() == ValueType.SCALAR) {
      Block block = evaluation.vector(binary.left());
      return withScalar(evaluation, binary, block, evaluation.scalar(binary.right()), false);
    }
    VectorOperation operation = new VectorOperation(evaluation, binary);
    return switch (binary.op()) {
      case AND -> operation.keepLeft(true);
      case UNLESS -> operation.keepLeft(false);
      case OR -> operation.either();
      default -> operation.match();
    };
  }

  private static Block withScalar(
      Evaluation evaluation,
      Expr.Binary binary,
      Block block,
      double[] scalar,
      boolean scalarIsLeft) {
    BinaryOp op = binary.op();
    if (block.hasHistograms() || op.isTrim()) {
      ofHistogramsWithScalar(evaluation, binary, block, scalar, scalarIsLeft);
    }
    for (int row = 0; row < block.rows(); row++) {
      for (int step = 0; step < block.steps(); step++) {
        double value = block.get(row, step);
        if (Block.isAbsent(value) || Block.isHistogram(value)) {
          continue;
        }
        double a = scalarIsLeft ? scalar[step] : value;
        double b = scalarIsLeft ? value : scalar[step];
        if (!op.isComparison()) {
          block.set(row, step, op.compute(a, b));
        } else if (binary.bool()) {
          block.set(row, step, op.compare(a, b) ? 1 : 0);
        } else if (!op.compare(a, b)) {
          block.set(row, step, Block.ABSENT);
        }
      }
    }
    return op.changesMeaning() || binary.bool() ? evaluation.withoutNames(block) : block;
  }

  /** Does what there is to do with histograms, and with numbers that are to be trimmed. */
  private static void ofHistogramsWithScalar(
      Evaluation evaluation,
      Expr.Binary binary,
      Block block,
      double[] scalar,
      boolean scalarIsLeft) {
    HistogramOperators operators = new HistogramOperators(evaluation.run, binary);
    for (int step = 0; step < block.steps(); step++) {
      for (int row = 0; row < block.rows(); row++) {
        Histogram histogram = block.histogram(row, step);
        if (histogram == null && !(binary.op().isTrim() && block.has(row, step))) {
          continue;
        }
        double value = block.get(row, step);
        HistogramOperators.Outcome outcome =
            scalarIsLeft
                ? operators.apply(null, scalar[step], histogram, value)
                : operators.apply(histogram, value, null, scalar[step]);
        Histogram result = outcome.histogram();
        if (result == null) {
          block.set(row, step, Block.ABSENT);
        } else {
          block.set(row, step, result);
        }
      }
      operators.tell();
    }
  }

  /** {@code and}, {@code unless}: what is on the left and, or and not, on the right. */
  private Block keepLeft(boolean ifRight) {
    boolean[] present = new boolean[groups.size()];
    for (int step = 0; step < left.steps(); step++) {
      Arrays.fill(present, false);
      mark(present, right, rightGroup, step);
      for (int row = 0; row < left.rows(); row++) {
        if (present[leftGroup[row]] != ifRight) {
          left.set(row, step, Block.ABSENT);
        }
      }
    }
    return left;
  }

  /** {@code or}: all on the left, and what is on the right alone. */
  private Block either() {
    boolean[] present = new boolean[groups.size()];
    for (int step = 0; step < left.steps(); step++) {
      Arrays.fill(present, false);
      mark(present, left, leftGroup, step);
      for (int row = 0; row < right.rows(); row++) {
        if (present[rightGroup[row]]) {
          right.set(row, step, Block.ABSENT);
        }
      }
    }
    for (int row = 0; row < right.rows(); row++) {
      if (right.hasAny(row)) {
        left.copy(right, row);
      }
    }
    return left;
  }

  private static void mark(boolean[] present, Block block, int[] groupOf, int step) {
    for (int row = 0; row < block.rows(); row++) {
      present[groupOf[row]] |= block.has(row, step);
    }
  }

  /** Arithmetic and comparison between the elements that match. */
  private Block match() {
    HistogramOperators operators =
        left.hasHistograms() || right.hasHistograms() || op.isTrim()
            ? new HistogramOperators(evaluation.run, binary)
            : null;
    boolean oneToOne = matching.cardinality() == Expr.Cardinality.ONE_TO_ONE;
    Block out = new Block(left.steps(), left.rows());
    Map<Labels, Integer> rowOf = new HashMap<>(2 * left.rows());
    int[] rightRow = new int[groups.size()];
    boolean[] taken = new boolean[groups.size()];
    // The last step at which each row of the result was computed, kept or not.
    int[] lastStep = new int[left.rows()];
    // The row on the right and the row of the result that each row on the left had last.
    int[] lastRight = new int[left.rows()];
    int[] lastOut = new int[left.rows()];
    Arrays.fill(lastRight, -1);
    for (int step = 0; step < left.steps(); step++) {
      if (!left.hasAnyAt(step)) {
        // Nothing is going to match, so that the right side may be what it likes.
        continue;
      }
      indexRight(rightRow, step);
      Arrays.fill(taken, false);
      for (int row = 0; row < left.rows(); row++) {
        int group = leftGroup[row];
        int other = rightRow[group];
        if (other < 0 || !left.has(row, step)) {
          continue;
        }
        if (oneToOne && taken[group]) {
          throw Evaluation.failed(
              "multiple matches for labels: many-to-one matching must be explicit"
                  + " (group_left/group_right)");
        }
        taken[group] = true;
        if (lastRight[row] != other) {
          lastRight[row] = other;
          lastOut[row] = rowFor(out, rowOf, row, other);
          if (lastStep.length < out.rows()) {
            lastStep = Arrays.copyOf(lastStep, 2 * out.rows());
          }
        }
        int target = lastOut[row];
        if (lastStep[target] == step + 1) {
          throw Evaluation.failed(
              "multiple matches for labels: grouping labels must ensure unique matches");
        }
        lastStep[target] = step + 1;
        if (operators != null && isForHistograms(step, row, other)) {
          combineHistograms(operators, out, target, step, row, other);
        } else {
          double a = left.get(row, step);
          double b = right.get(other, step);
          out.set(target, step, swapped ? combine(b, a) : combine(a, b));
        }
      }
      if (operators != null) {
        operators.tell();
      }
      evaluation.run.work(1 + left.rows() + right.rows());
    }
    return out;
  }

  private boolean isForHistograms(int step, int leftRow, int rightRow) {
    return op.isTrim()
        || left.histogram(leftRow, step) != null
        || right.histogram(rightRow, step) != null;
  }

  /** Sets the result of two elements of which at least one is a histogram. */
  private void combineHistograms(
      HistogramOperators operators, Block out, int target, int step, int leftRow, int rightRow) {
    Histogram first = left.histogram(leftRow, step);
    Histogram second = right.histogram(rightRow, step);
    double a = left.get(leftRow, step);
    double b = right.get(rightRow, step);
    HistogramOperators.Outcome outcome =
        swapped ? operators.apply(second, b, first, a) : operators.apply(first, a, second, b);
    Histogram result = outcome.histogram();
    if (outcome.fails() || (!bool && !outcome.keeps())) {
      out.set(target, step, Block.ABSENT);
    } else if (bool || result == null) {
      out.set(target, step, outcome.keeps() ? 1 : 0);
    } else {
      out.set(target, step, result);
    }
  }

  private double combine(double a, double b) {
    if (!op.isComparison()) {
      return op.compute(a, b);
    }
    if (bool) {
      return op.compare(a, b) ? 1 : 0;
    }
    // What a comparison keeps is the left value as written, also where the sides are swapped.
    return op.compare(a, b) ? a : Block.ABSENT;
  }

  private void indexRight(int[] rightRow, int step) {
    Arrays.fill(rightRow, -1);
    for (int row = 0; row < right.rows(); row++) {
      if (!right.has(row, step)) {
        continue;
      }
      int group = rightGroup[row];
      if (rightRow[group] >= 0) {
        Labels one = right.labels(rightRow[group]);
        Labels other = right.labels(row);
        boolean ordered = one.compareTo(other) <= 0;
        throw Evaluation.failed(
            "found duplicate series for the match group "
                + groups.labels(group)
                + " on the "
                + (swapped ? "left" : "right")
                + " hand-side of the operation: ["
                + (ordered ? one : other)
                + ", "
                + (ordered ? other : one)
                + "];many-to-many matching not allowed: matching labels must be unique on one"
                + " side");
      }
      rightRow[group] = row;
    }
  }

  private int rowFor(Block out, Map<Labels, Integer> rowOf, int leftRow, int rightRow) {
    Labels labels = resultLabels(left.labels(leftRow), right.labels(rightRow));
    Integer known = rowOf.get(labels);
    if (known != null) {
      return known;
    }
    if (out.rows() >= left.rows()) {
      // Labels taken from one side after the other may make more series than there were.
      evaluation.run.hold(out.steps());
    }
    int row = out.add(labels, bool && evaluation.isDelayed());
    rowOf.put(labels, row);
    return row;
  }

  private Labels resultLabels(Labels many, Labels one) {
    boolean keepsMetric = !op.changesMeaning() && (!bool || evaluation.isDelayed());
    Labels labels = keepsMetric ? many : many.withoutMetric();
    if (matching.cardinality() == Expr.Cardinality.ONE_TO_ONE) {
      labels =
          matching.on()
              ? labels.only(matching.labels())
              : labels.without(matching.labels().toArray(new String[0]));
    }
    for (String name : matching.include()) {
      labels = labels.with(name, one.get(name));
    }
    return labels;
  }
}
