package vigie.collector.promql;

import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;

/**
 * The answer to a query, with what Prometheus calls annotations, each ending in {@code
 * (line:column)}.
 *
 * @param totalSamples how many samples the selectors gave to all steps together
 * @param peakSamples how many samples the query held at once, at most
 */
public record QueryResult(
    Value value, List<String> warnings, List<String> infos, long totalSamples, long peakSamples) {
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

  /**
   * One element of a vector.
   *
   * @param value NaN where it is a histogram
   * @param histogram null where it is a number
   */
  public record Sample(
      Labels labels, long timeMillis, double value, @Nullable Histogram histogram) {
    public Sample(Labels labels, long timeMillis, double value) {
      this(labels, timeMillis, value, null);
    }
  }

  /** Rows sorted by their labels. */
  public record Matrix(List<Row> rows) implements Value {
    @Override
    public ValueType type() {
      return ValueType.MATRIX;
    }
  }

  /**
   * One series of a matrix: times and values in parallel, never empty; not to be written to.
   *
   * @param values NaN where there is a histogram
   * @param histograms in parallel too, null where there is a number; empty where all are numbers
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Row(
      Labels labels, long[] timesMillis, double[] values, @Nullable Histogram[] histograms) {
    public Row(Labels labels, long[] timesMillis, double[] values) {
      this(labels, timesMillis, values, new Histogram[0]);
    }

    /** The histogram at a place; null where there is a number. */
    public @Nullable Histogram histogram(int place) {
      return histograms.length == 0 ? null : histograms[place];
    }
  }

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
