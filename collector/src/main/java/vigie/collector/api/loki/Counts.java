package vigie.collector.api.loki;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.EventStream;
import vigie.collector.event.TextQuery;
import vigie.collector.label.Labels;

/** Numbers of a query at some moments; a series has none (NaN) where there was no line. */
final class Counts {
  private static final int MOST_CELLS = 4_000_000;
  private static final int MOST_SERIES = 10_000;
  private static final Set<String> NAMES =
      Set.of("node", "facility", "severity", "app", "type", "unit");

  private final EventStore store;
  private final Steps steps;
  private final List<String> warnings = new ArrayList<>();
  private long lines;

  /** Moments, in nanoseconds since the epoch, both ends included. */
  record Steps(long first, long last, long step) {
    int count() {
      return (int) ((last - first) / step + 1);
    }

    long at(int index) {
      return first + index * step;
    }
  }

  /** What is asked for is more than is answered. */
  static final class TooMuch extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooMuch(String message) {
      super(message, null, false, false);
    }
  }

  Counts(EventStore store, Steps steps) {
    this.store = store;
    this.steps = steps;
  }

  /** How many lines were counted. */
  long lines() {
    return lines;
  }

  List<String> warnings() {
    return warnings;
  }

  /** The series in the order of their labels. */
  Map<Labels, double[]> of(LogQuery.Metric metric) {
    if (metric instanceof LogQuery.Constant constant) {
      double[] all = new double[steps.count()];
      java.util.Arrays.fill(all, constant.value());
      return Map.of(Labels.EMPTY, all);
    }
    if (metric instanceof LogQuery.Counted counted) {
      return counted(counted, NAMES, EventLabels::of);
    }
    LogQuery.Aggregated aggregated = (LogQuery.Aggregated) metric;
    Function<Labels, Labels> grouping = grouping(aggregated);
    if (aggregated.op() == LogQuery.Aggregate.SUM
        && aggregated.of() instanceof LogQuery.Counted counted) {
      // The sum of counts is the count: no need to hold each stream.
      Set<String> names = aggregated.by() ? names(aggregated.labels()) : NAMES;
      return counted(counted, names, stream -> grouping.apply(EventLabels.of(stream)));
    }
    return aggregated(aggregated.op(), of(aggregated.of()), grouping);
  }

  private static Set<String> names(List<String> labels) {
    Set<String> names = new HashSet<>(labels);
    if (names.contains("level")) {
      names.add("severity");
    }
    names.retainAll(NAMES);
    return names;
  }

  private static Function<Labels, Labels> grouping(LogQuery.Aggregated of) {
    return labels -> {
      Labels.Builder kept = new Labels.Builder();
      for (int i = 0; i < labels.size(); i++) {
        if (of.labels().contains(labels.name(i)) == of.by()) {
          kept.set(labels.name(i), labels.value(i));
        }
      }
      return kept.build();
    };
  }

  private Map<Labels, double[]> counted(
      LogQuery.Counted query, Set<String> names, Function<EventStream, Labels> grouping) {
    int count = steps.count();
    long range = Math.max(1, query.range().toNanos() / 1_000);
    long step = count == 1 ? range : Math.max(1, steps.step() / 1_000);
    long offset = query.offset().toNanos() / 1_000;
    long first = Math.floorDiv(steps.first(), 1_000);
    long last = Math.floorDiv(steps.last(), 1_000);
    long width = BigInteger.valueOf(range).gcd(BigInteger.valueOf(step)).longValueExact();
    EventStore.Buckets buckets = new EventStore.Buckets(first - range - offset, width);
    Map<EventStream, Labels> groups = new HashMap<>();
    // Differences: a line counts from the first moment whose range has it to the last.
    Map<Labels, double[]> series = new TreeMap<>();
    EventQuery asked =
        new EventQuery(
            Nanos.instant((first - range - offset) * 1_000 + 1),
            Nanos.instant((last - offset) * 1_000 + 1),
            query.lines().matchers(),
            TextQuery.ANY,
            query.lines().filters(),
            1,
            "",
            "");
    warnings.addAll(
        store.tally(
            asked,
            names,
            buckets,
            (bucket, stream, events) -> {
              Labels labels = groups.computeIfAbsent(stream, grouping);
              double[] values = series.computeIfAbsent(labels, fresh -> new double[count + 1]);
              if ((long) series.size() * count > MOST_CELLS
                  || series.size() > MOST_SERIES
                  || groups.size() > 10 * MOST_SERIES) {
                throw new TooMuch(
                    "there are more than "
                        + (series.size() - 1)
                        + " series; select fewer, sum by fewer labels, or ask for fewer steps");
              }
              // Of the steps whose ranges have the bucket; 0 is the moment before the first range.
              long from = Math.max(0, -Math.floorDiv(range / width - bucket, step / width));
              long to = Math.min(count, Math.floorDiv(bucket - 1, step / width) + 1);
              if (bucket > 0 && from < to) {
                values[(int) from] += events;
                values[(int) to] -= events;
                lines += events;
              }
            }));
    double divisor = query.perSecond() ? range / 1e6 : 1;
    series.replaceAll((labels, differences) -> summed(differences, divisor));
    return series;
  }

  private static double[] summed(double[] differences, double divisor) {
    double[] values = new double[differences.length - 1];
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += differences[i];
      values[i] = sum == 0 ? Double.NaN : sum / divisor;
    }
    return values;
  }

  private Map<Labels, double[]> aggregated(
      LogQuery.Aggregate op, Map<Labels, double[]> series, Function<Labels, Labels> grouping) {
    Map<Labels, List<double[]>> groups = new TreeMap<>();
    series.forEach(
        (labels, values) ->
            groups.computeIfAbsent(grouping.apply(labels), fresh -> new ArrayList<>()).add(values));
    Map<Labels, double[]> all = new TreeMap<>();
    groups.forEach((labels, members) -> all.put(labels, aggregated(op, members)));
    return all;
  }

  private double[] aggregated(LogQuery.Aggregate op, List<double[]> members) {
    double[] values = new double[steps.count()];
    for (int i = 0; i < values.length; i++) {
      int step = i;
      double[] there =
          members.stream()
              .mapToDouble(member -> member[step])
              .filter(v -> !Double.isNaN(v))
              .toArray();
      values[i] = there.length == 0 ? Double.NaN : reduced(op).applyAsDouble(there);
    }
    return values;
  }

  private static ToDoubleFunction<double[]> reduced(LogQuery.Aggregate op) {
    return switch (op) {
      case SUM -> values -> java.util.Arrays.stream(values).sum();
      case MIN -> values -> java.util.Arrays.stream(values).min().orElse(Double.NaN);
      case MAX -> values -> java.util.Arrays.stream(values).max().orElse(Double.NaN);
      case AVG -> values -> java.util.Arrays.stream(values).average().orElse(Double.NaN);
      case COUNT -> values -> values.length;
    };
  }
}
