package vigie.collector.promql;

/** A function of PromQL. */
public final class Function {
  private final String name;
  private final ValueType returns;

  Function(String name, ValueType returns) {
    this.name = name;
    this.returns = returns;
  }

  public String name() {
    return name;
  }

  public ValueType returns() {
    return returns;
  }
}
