package vigie.collector.promql;

/** Aggregation operators. */
public enum AggregateOp {
  SUM,
  AVG,
  MIN,
  MAX,
  COUNT,
  GROUP,
  STDDEV,
  STDVAR,
  TOPK,
  BOTTOMK,
  QUANTILE,
  COUNT_VALUES,
  LIMITK,
  LIMIT_RATIO;

  private final String text = name().toLowerCase(java.util.Locale.ROOT);

  public String text() {
    return text;
  }

  /** Whether it takes a parameter before the vector. */
  public boolean hasParameter() {
    return this == QUANTILE || this == COUNT_VALUES || isSelection();
  }

  /** Whether it picks whole elements instead of computing one for each group. */
  boolean isSelection() {
    return this == TOPK || this == BOTTOMK || this == LIMITK || this == LIMIT_RATIO;
  }
}
