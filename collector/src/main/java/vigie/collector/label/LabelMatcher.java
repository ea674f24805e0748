package vigie.collector.label;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One condition on a label, as in selectors: {@code name="value"}. An absent label has the value
 * {@code ""}.
 */
public final class LabelMatcher {
  /** The four operators. */
  public enum Op {
    EQUAL("="),
    NOT_EQUAL("!="),
    REGEX("=~"),
    NOT_REGEX("!~");

    private final String text;

    Op(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  private final Op op;
  private final String name;
  private final String value;
  private final @Nullable Regex regex;

  /**
   * @throws IllegalArgumentException if the operator is a regular expression's and the value is
   *     none
   */
  public LabelMatcher(Op op, String name, String value) {
    this.op = op;
    this.name = name;
    this.value = value;
    this.regex = op == Op.REGEX || op == Op.NOT_REGEX ? Regex.of(value) : null;
  }

  public static LabelMatcher equal(String name, String value) {
    return new LabelMatcher(Op.EQUAL, name, value);
  }

  public Op op() {
    return op;
  }

  public String name() {
    return name;
  }

  public String value() {
    return value;
  }

  /**
   * The values that match, where these can be told and none is empty; otherwise empty. Few of them:
   * each is looked up.
   */
  public Set<String> literals() {
    if (op == Op.EQUAL && !value.isEmpty()) {
      return Set.of(value);
    }
    return op == Op.REGEX && regex != null && !regex.literals().contains("")
        ? regex.literals()
        : Set.of();
  }

  public boolean matches(String labelValue) {
    if (regex != null) {
      return regex.matches(labelValue) == (op == Op.REGEX);
    }
    return labelValue.equals(value) == (op == Op.EQUAL);
  }

  public boolean matches(Labels labels) {
    return matches(labels.get(name));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LabelMatcher m
        && op == m.op
        && name.equals(m.name)
        && value.equals(m.value);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * op.hashCode() + name.hashCode()) + value.hashCode();
  }

  @Override
  public String toString() {
    return name
        + op.text()
        + '"'
        + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n")
        + '"';
  }
}
