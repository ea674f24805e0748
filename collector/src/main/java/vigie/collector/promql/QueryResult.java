package vigie.collector.promql;

import java.util.List;
import vigie.collector.label.Labels;

/**
 * The answer to a query, with what Prometheus calls annotations, each ending in {@code
 * (line:column)}.
 */
public record QueryResult(Value value, List<String> warnings, List<String> infos) {
  public QueryResult {
    warnings = List.copyOf(warnings);
    infos = List.copyOf(infos);
  }

  /** One of the four types. */
  public sealed interface Value {
    ValueType type();
  }

  /** The elements in the query's order: {@code sort} and {@code topk} order theirs. */
  public record Vector(List<Sample> samples) implements Value {
    @Override
    public ValueType type() {
      return ValueType.VECTOR;
    }
  }

  /** One element of a vector. */
  public record Sample(Labels labels, long timeMillis, double value) {}

  /** Rows sorted by their labels. */
  public record Matrix(List<Row> rows) implements Value {
    @Override
    public ValueType type() {
      return ValueType.MATRIX;
    }
  }

  /** One series of a matrix: times and values in parallel, never empty; not to be written to. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Row(Labels labels, long[] timesMillis, double[] values) {}

  /** A number. */
  public record Scalar(long timeMillis, double value) implements Value {
    @Override
    public ValueType type() {
      return ValueType.SCALAR;
    }
  }

  /** A string. */
  public record Text(long timeMillis, String text) implements Value {
    @Override
    public ValueType type() {
      return ValueType.STRING;
    }
  }
}
