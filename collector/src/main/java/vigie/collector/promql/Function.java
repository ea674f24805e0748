package vigie.collector.promql;

import java.util.List;

/** A function of PromQL: what it takes, what it gives, how it is computed. */
public final class Function {
  /** Computes a function that gives a vector. */
  interface VectorBody {
    Block apply(Evaluation evaluation, Expr.Call call);
  }

  /** Computes a function that gives a scalar, one number for each step. */
  interface ScalarBody {
    double[] apply(Evaluation evaluation, Expr.Call call);
  }

  /** As {@link #optional}: any number of further arguments of the last type. */
  static final int ANY = -1;

  private final String name;
  private final ValueType returns;
  private final List<ValueType> takes;
  private final int optional;
  private final Object body;

  private Function(
      String name, ValueType returns, List<ValueType> takes, int optional, Object body) {
    this.name = name;
    this.returns = returns;
    this.takes = takes;
    this.optional = optional;
    this.body = body;
  }

  static Function vector(String name, List<ValueType> takes, int optional, VectorBody body) {
    return new Function(name, ValueType.VECTOR, takes, optional, body);
  }

  static Function scalar(String name, List<ValueType> takes, ScalarBody body) {
    return new Function(name, ValueType.SCALAR, takes, 0, body);
  }

  public String name() {
    return name;
  }

  public ValueType returns() {
    return returns;
  }

  /** The types of its arguments; the last one also stands for those that may follow. */
  public List<ValueType> takes() {
    return takes;
  }

  /** How many arguments at the end may be missing, or -1 for any number. */
  public int optional() {
    return optional;
  }

  Block vector(Evaluation evaluation, Expr.Call call) {
    return ((VectorBody) body).apply(evaluation, call);
  }

  double[] scalar(Evaluation evaluation, Expr.Call call) {
    return ((ScalarBody) body).apply(evaluation, call);
  }
}
