package vigie.collector.promql;

import java.time.LocalDate;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr.Call;

/** Functions of a time in seconds since the epoch, UTC; without an argument, of the step's time. */
final class DateFunctions {
  /** A function from seconds to a number. */
  interface Of {
    double of(long seconds);

    default Block over(Evaluation evaluation, Call call) {
      if (call.args().isEmpty()) {
        evaluation.run.hold(evaluation.steps);
        Block now = new Block(evaluation.steps, 1);
        now.add(Labels.EMPTY, false);
        for (int step = 0; step < evaluation.steps; step++) {
          now.set(0, step, of(evaluation.time(step) / 1000));
        }
        return now;
      }
      Block block = evaluation.vector(call.args().get(0)).numbers();
      for (int row = 0; row < block.rows(); row++) {
        for (int step = 0; step < block.steps(); step++) {
          if (block.has(row, step)) {
            block.set(row, step, of((long) block.get(row, step)));
          }
        }
      }
      return evaluation.withoutNames(block);
    }
  }

  private DateFunctions() {}

  static double dayOfMonth(long seconds) {
    return date(seconds).getDayOfMonth();
  }

  /** 0 is Sunday. */
  static double dayOfWeek(long seconds) {
    return date(seconds).getDayOfWeek().getValue() % 7;
  }

  static double dayOfYear(long seconds) {
    return date(seconds).getDayOfYear();
  }

  static double daysInMonth(long seconds) {
    return date(seconds).lengthOfMonth();
  }

  static double hour(long seconds) {
    return (int) (Math.floorMod(seconds, 86_400L) / 3600);
  }

  static double minute(long seconds) {
    return (int) (Math.floorMod(seconds, 3600L) / 60);
  }

  static double month(long seconds) {
    return date(seconds).getMonthValue();
  }

  static double year(long seconds) {
    return date(seconds).getYear();
  }

  private static LocalDate date(long seconds) {
    long day = Math.floorDiv(seconds, 86_400L);
    long bounded = Math.max(LocalDate.MIN.toEpochDay(), Math.min(LocalDate.MAX.toEpochDay(), day));
    return LocalDate.ofEpochDay(bounded);
  }
}
