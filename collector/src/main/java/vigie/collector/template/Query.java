package vigie.collector.template;

import java.util.List;
import vigie.collector.label.Labels;

/** Answers a template's {@code query "…"}. */
@FunctionalInterface
public interface Query {
  /** For templates that may not ask. */
  Query NONE =
      expression -> {
        throw new IllegalArgumentException("query is not available here");
      };

  /**
   * The instant vector of an expression at the time of the expansion; a scalar is one sample
   * without labels.
   *
   * @throws RuntimeException whose message says why there is no answer
   */
  List<Sample> run(String expression);

  /** One element; templates read it as {@code .Labels} and {@code .Value}. */
  record Sample(Labels labels, double value) {}
}
