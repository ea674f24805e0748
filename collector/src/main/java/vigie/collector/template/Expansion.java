package vigie.collector.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One run of a template. Used once, by one thread. */
final class Expansion {
  private static final int MOST_CHARS = 64 * 1024;
  private static final int MOST_STEPS = 100_000;
  private static final int QUERY_STEPS = 1_000;
  private static final int DEEPEST = 100;

  /**
   * The variables that are there from the start, and the field of the data that each stands for.
   */
  static final Map<String, String> GIVEN = given();

  private final String text;
  private final Map<String, List<Node>> defined;
  private final Query query;
  private final String externalUrl;
  private final StringBuilder out = new StringBuilder();
  private final List<Variable> variables = new ArrayList<>();
  private int steps;
  private int depth;

  Expansion(String text, Map<String, List<Node>> defined, Query query, String externalUrl) {
    this.text = text;
    this.defined = defined;
    this.query = query;
    this.externalUrl = externalUrl;
  }

  private static Map<String, String> given() {
    Map<String, String> given = new LinkedHashMap<>();
    given.put("labels", "Labels");
    given.put("externalLabels", "ExternalLabels");
    given.put("externalURL", "ExternalURL");
    given.put("value", "Value");
    return given;
  }

  List<Query.Sample> query(String expression) {
    // As much as a thousand of anything else, so that no loop asks for ever.
    steps += QUERY_STEPS;
    step(0);
    return query.run(expression);
  }

  String externalUrl() {
    return externalUrl;
  }

  String run(List<Node> nodes, Map<String, ?> data) {
    Values.Data dot = new Values.Data(data);
    variables.add(new Variable("", dot));
    GIVEN.forEach((name, field) -> variables.add(new Variable(name, data.get(field))));
    walk(nodes, dot);
    return out.toString();
  }

  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private Flow walk(List<Node> nodes, @Nullable Object dot) {
    for (Node node : nodes) {
      step(0);
      Flow flow = walk(node, dot);
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private Flow walk(Node node, @Nullable Object dot) {
    if (node instanceof Node.Text literal) {
      print(literal.text(), 0);
      return Flow.ON;
    }
    if (node instanceof Node.Break) {
      return Flow.BREAK;
    }
    if (node instanceof Node.Continue) {
      return Flow.CONTINUE;
    }
    int scope = variables.size();
    if (node instanceof Node.Action action) {
      // Its variable lives on to the end of the block around it.
      Object value = value(action.pipeline(), dot);
      if (action.pipeline().variables().isEmpty()) {
        print(value == null ? "<no value>" : GoPrint.value(value), action.pipeline().at());
      }
      return Flow.ON;
    }
    Flow flow = Flow.ON;
    if (node instanceof Node.If branch) {
      boolean holds = Values.isTrue(value(branch.condition(), dot));
      flow = walk(holds ? branch.then() : branch.otherwise(), dot);
    } else if (node instanceof Node.With with) {
      Object value = value(with.value(), dot);
      boolean holds = Values.isTrue(value);
      flow = walk(holds ? with.then() : with.otherwise(), holds ? value : dot);
    } else if (node instanceof Node.Range range) {
      flow = range(range, dot);
    } else if (node instanceof Node.Include include) {
      include(include, dot);
    } else {
      throw new AssertionError("BUG: no way to walk " + node);
    }
    forget(scope);
    return flow;
  }

  private Flow range(Node.Range range, @Nullable Object dot) {
    Node.Pipeline over = range.over();
    // The variables of the pipeline are set by the loop, not by the value that it goes over.
    Object value = commands(over, dot);
    Map<?, ?> entries;
    try {
      entries = Values.entries(value);
    } catch (IllegalArgumentException e) {
      throw fault(over.at(), e.getMessage());
    }
    int scope = variables.size();
    for (Map.Entry<?, ?> entry : entries.entrySet()) {
      step(over.at());
      List<String> names = over.variables();
      if (!names.isEmpty()) {
        set(names.get(names.size() - 1), entry.getValue(), over.assigns());
      }
      if (names.size() == 2) {
        set(names.get(0), entry.getKey(), over.assigns());
      }
      Flow flow = walk(range.body(), entry.getValue());
      forget(scope);
      if (flow == Flow.BREAK) {
        break;
      }
    }
    return entries.isEmpty() ? walk(range.otherwise(), dot) : Flow.ON;
  }

  private void include(Node.Include include, @Nullable Object dot) {
    List<Node> body = defined.get(include.name());
    if (body == null) {
      throw fault(include.at(), "template \"" + include.name() + "\" is not defined");
    }
    if (++depth > DEEPEST) {
      throw fault(include.at(), "templates call each other more than " + DEEPEST + " deep");
    }
    Node.Pipeline pipeline = include.data();
    Object data = pipeline == null ? null : value(pipeline, dot);
    List<Variable> outer = List.copyOf(variables);
    variables.clear();
    variables.add(new Variable("", data));
    walk(body, data);
    variables.clear();
    variables.addAll(outer);
    depth--;
  }

  private @Nullable Object value(Node.Pipeline pipeline, @Nullable Object dot) {
    Object value = commands(pipeline, dot);
    for (String name : pipeline.variables()) {
      set(name, value, pipeline.assigns());
    }
    return value;
  }

  private @Nullable Object commands(Node.Pipeline pipeline, @Nullable Object dot) {
    Object value = null;
    boolean piped = false;
    for (Node.Command command : pipeline.commands()) {
      value = command(command, dot, piped, value);
      piped = true;
    }
    return value;
  }

  private @Nullable Object command(
      Node.Command command, @Nullable Object dot, boolean piped, @Nullable Object last) {
    step(command.at());
    List<Node.Operand> words = command.words();
    if (words.get(0) instanceof Node.Constant constant && constant.value() == null) {
      throw fault(command.at(), "nil is not a command");
    }
    if (!(words.get(0) instanceof Node.Call call)) {
      return operand(words.get(0), dot);
    }
    if (call.function().isLazy()) {
      return lazy(call.function(), words, dot, piped, last);
    }
    List<@Nullable Object> args = new ArrayList<>();
    for (Node.Operand word : words.subList(1, words.size())) {
      args.add(operand(word, dot));
    }
    if (piped) {
      args.add(last);
    }
    return call(call, args);
  }

  /** {@code and} and {@code or} look at no more arguments than they need. */
  private @Nullable Object lazy(
      Function function,
      List<Node.Operand> words,
      @Nullable Object dot,
      boolean piped,
      @Nullable Object last) {
    Object value = null;
    for (Node.Operand word : words.subList(1, words.size())) {
      value = operand(word, dot);
      if (Values.isTrue(value) == (function == Function.OR)) {
        return value;
      }
    }
    return piped ? last : value;
  }

  private @Nullable Object operand(Node.Operand operand, @Nullable Object dot) {
    if (operand instanceof Node.Dot) {
      return dot;
    }
    if (operand instanceof Node.Constant constant) {
      return constant.value();
    }
    if (operand instanceof Node.Variable variable) {
      return variable(variable.name()).value;
    }
    if (operand instanceof Node.Inner inner) {
      return value(inner.pipeline(), dot);
    }
    if (operand instanceof Node.Call call) {
      return call(call, List.of());
    }
    if (operand instanceof Node.Field field) {
      Object value = operand(field.of(), dot);
      for (String name : field.names()) {
        try {
          value = Values.field(value, name);
        } catch (IllegalArgumentException e) {
          throw fault(field.at(), e.getMessage());
        }
      }
      return value;
    }
    throw new AssertionError("BUG: no value of " + operand);
  }

  private @Nullable Object call(Node.Call call, List<@Nullable Object> args) {
    try {
      Object result = call.function().call(args, this);
      if (result instanceof String s && s.length() > MOST_CHARS) {
        throw fault(call.at(), call.name() + " gives more than " + MOST_CHARS + " characters");
      }
      return result;
    } catch (TemplateException e) {
      throw e;
    } catch (RuntimeException e) {
      throw fault(call.at(), "error calling " + call.name() + ": " + e.getMessage());
    }
  }

  private void set(String name, @Nullable Object value, boolean assigns) {
    if (assigns) {
      variable(name).value = value;
    } else {
      variables.add(new Variable(name, value));
    }
  }

  private Variable variable(String name) {
    for (int i = variables.size() - 1; i >= 0; i--) {
      if (variables.get(i).name.equals(name)) {
        return variables.get(i);
      }
    }
    throw new IllegalStateException("BUG: variable $" + name + " passed the parser");
  }

  private void forget(int size) {
    variables.subList(size, variables.size()).clear();
  }

  private void print(String more, int at) {
    if (out.length() + more.length() > MOST_CHARS) {
      throw fault(at, "the result is longer than " + MOST_CHARS + " characters");
    }
    out.append(more);
  }

  private void step(int at) {
    if (++steps > MOST_STEPS) {
      throw fault(at, "gave up after " + MOST_STEPS + " steps");
    }
  }

  private TemplateException fault(int at, @Nullable String message) {
    return new TemplateException(text, at, message == null ? "no reason given" : message);
  }

  private static final class Variable {
    private final String name;
    private @Nullable Object value;

    Variable(String name, @Nullable Object value) {
      this.name = name;
      this.value = value;
    }
  }
}
