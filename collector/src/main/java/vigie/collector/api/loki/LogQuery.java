package vigie.collector.api.loki;

import java.time.Duration;
import java.util.List;
import vigie.collector.event.LineFilter;
import vigie.collector.label.LabelMatcher;

/** The part of LogQL that is answered. */
sealed interface LogQuery {
  /** Lines: <code>{node="p1"} |= "refused"</code>. */
  record Lines(List<LabelMatcher> matchers, List<LineFilter> filters) implements LogQuery {
    public Lines {
      matchers = List.copyOf(matchers);
      filters = List.copyOf(filters);
    }
  }

  /** What gives numbers. */
  sealed interface Metric extends LogQuery {}

  /**
   * Lines counted over a time: {@code count_over_time({…}[5m])}.
   *
   * @param perSecond whether divided by that time: {@code rate}
   * @param offset how far back to look
   */
  record Counted(Lines lines, Duration range, Duration offset, boolean perSecond)
      implements Metric {}

  /**
   * {@code sum by (level) (…)}.
   *
   * @param by whether {@code labels} are kept, or else taken away
   */
  record Aggregated(Aggregate op, boolean by, List<String> labels, Metric of) implements Metric {
    public Aggregated {
      labels = List.copyOf(labels);
    }
  }

  /** How series become one. */
  enum Aggregate {
    SUM,
    MIN,
    MAX,
    AVG,
    COUNT
  }

  /** {@code vector(1)+vector(1)}, by which Grafana asks whether anybody is there. */
  record Constant(double value) implements Metric {}
}
