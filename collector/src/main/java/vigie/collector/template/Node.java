package vigie.collector.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tree of a template; {@code at} is the offset in its text. */
sealed interface Node {
  record Text(String text) implements Node {}

  /** A pipeline whose value is printed, unless it sets a variable. */
  record Action(Pipeline pipeline) implements Node {}

  record If(Pipeline condition, List<Node> then, List<Node> otherwise) implements Node {}

  record With(Pipeline value, List<Node> then, List<Node> otherwise) implements Node {}

  record Range(Pipeline over, List<Node> body, List<Node> otherwise) implements Node {}

  record Include(int at, String name, @Nullable Pipeline data) implements Node {}

  record Break() implements Node {}

  record Continue() implements Node {}

  /**
   * {@code $x := a | b}.
   *
   * @param variables declared or assigned, without {@code $}; two only in {@code range}
   * @param assigns whether {@code =} sets what is there instead of {@code :=}
   */
  record Pipeline(int at, List<String> variables, boolean assigns, List<Command> commands) {}

  /** An operand and its arguments. */
  record Command(int at, List<Operand> words) {}

  sealed interface Operand {}

  record Dot() implements Operand {}

  /** String, Long, Double or Boolean; null for {@code nil}. */
  record Constant(@Nullable Object value) implements Operand {}

  record Variable(String name) implements Operand {}

  record Call(int at, String name, Function function) implements Operand {}

  record Inner(Pipeline pipeline) implements Operand {}

  /** {@code of.a.b}. */
  record Field(int at, Operand of, List<String> names) implements Operand {}
}
