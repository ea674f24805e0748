package vigie.collector.promql;

/** The four types of PromQL. */
public enum ValueType {
  SCALAR("scalar", "scalar"),
  VECTOR("vector", "instant vector"),
  MATRIX("matrix", "range vector"),
  STRING("string", "string");

  private final String text;
  private final String documented;

  ValueType(String text, String documented) {
    this.text = text;
    this.documented = documented;
  }

  /** As in the HTTP API's {@code resultType}. */
  public String text() {
    return text;
  }

  /** As in error messages. */
  public String documented() {
    return documented;
  }
}
