package vigie.collector.promql;

/** Binary operators, with how tightly they bind. */
public enum BinaryOp {
  OR("or", 1, Kind.SET),
  AND("and", 2, Kind.SET),
  UNLESS("unless", 2, Kind.SET),
  EQUAL("==", 3, Kind.COMPARISON),
  NOT_EQUAL("!=", 3, Kind.COMPARISON),
  LESS("<", 3, Kind.COMPARISON),
  LESS_OR_EQUAL("<=", 3, Kind.COMPARISON),
  GREATER(">", 3, Kind.COMPARISON),
  GREATER_OR_EQUAL(">=", 3, Kind.COMPARISON),
  TRIM_UPPER("</", 3, Kind.TRIM),
  TRIM_LOWER(">/", 3, Kind.TRIM),
  ADD("+", 4, Kind.ARITHMETIC),
  SUBTRACT("-", 4, Kind.ARITHMETIC),
  MULTIPLY("*", 5, Kind.ARITHMETIC),
  DIVIDE("/", 5, Kind.ARITHMETIC),
  MODULO("%", 5, Kind.ARITHMETIC),
  ATAN2("atan2", 5, Kind.ARITHMETIC),
  POWER("^", 6, Kind.ARITHMETIC);

  private enum Kind {
    SET,
    COMPARISON,
    TRIM,
    ARITHMETIC
  }

  private final String text;
  private final int precedence;
  private final Kind kind;

  BinaryOp(String text, int precedence, Kind kind) {
    this.text = text;
    this.precedence = precedence;
    this.kind = kind;
  }

  public String text() {
    return text;
  }

  int precedence() {
    return precedence;
  }

  public boolean isSet() {
    return kind == Kind.SET;
  }

  public boolean isComparison() {
    return kind == Kind.COMPARISON;
  }

  /** Whether it leaves out the observations of a histogram that are above or below a value. */
  public boolean isTrim() {
    return kind == Kind.TRIM;
  }

  /** Whether the result is no longer what its metric's name says. */
  boolean changesMeaning() {
    return kind == Kind.ARITHMETIC;
  }

  /** The comparison's answer; false for every other operator. NaN is unequal to everything. */
  boolean compare(double left, double right) {
    return switch (this) {
      case EQUAL -> left == right;
      case NOT_EQUAL -> left != right;
      case LESS -> left < right;
      case LESS_OR_EQUAL -> left <= right;
      case GREATER -> left > right;
      case GREATER_OR_EQUAL -> left >= right;
      default -> false;
    };
  }

  /** The result of an arithmetic operator; NaN for every other. */
  double compute(double left, double right) {
    return switch (this) {
      case ADD -> left + right;
      case SUBTRACT -> left - right;
      case MULTIPLY -> left * right;
      case DIVIDE -> left / right;
      case MODULO -> left % right;
      case POWER -> power(left, right);
      case ATAN2 -> Math.atan2(left, right);
      default -> Double.NaN;
    };
  }

  /** As IEEE 754 and C have it; Java alone says NaN for 1 to the power of NaN or infinity. */
  private static double power(double base, double exponent) {
    if (base == 1 || (base == -1 && Double.isInfinite(exponent))) {
      return 1;
    }
    return Math.pow(base, exponent);
  }
}
