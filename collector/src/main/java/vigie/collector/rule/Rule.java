package vigie.collector.rule;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import vigie.base.config.Position;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr;
import vigie.collector.template.Template;

/** One rule of a group, checked. Immutable. */
public sealed interface Rule {
  /** Where it begins in its file. */
  Position position();

  /** The metric that it records, or the {@code alertname}. */
  String name();

  /** The expression as written. */
  String query();

  Expr expr();

  /** The labels that the rule sets, but for those that a template makes. */
  Labels fixedLabels();

  /** What stays the same when a reload changes only how the rule is told. */
  String identity();

  /**
   * Records the expression's value as a metric.
   *
   * @param labels set on every sample, over those of the expression
   */
  record Recording(Position position, String name, String query, Expr expr, Labels labels)
      implements Rule {
    @Override
    public Labels fixedLabels() {
      return labels;
    }

    @Override
    public String identity() {
      return "record " + name + labels;
    }
  }

  /**
   * Makes an alert of every element of the expression.
   *
   * @param hold how long the expression must hold before the alert fires ({@code for})
   * @param keepFiringFor how long the alert fires on after the expression stopped holding
   * @param labels expanded and set on the alert, over those of the expression
   */
  record Alerting(
      Position position,
      String name,
      String query,
      Expr expr,
      Duration hold,
      Duration keepFiringFor,
      Map<String, Template> labels,
      Map<String, Template> annotations)
      implements Rule {
    public Alerting {
      labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
      annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
    }

    @Override
    public Labels fixedLabels() {
      Labels.Builder fixed = Labels.EMPTY.toBuilder();
      labels.forEach(
          (label, template) -> {
            if (!template.text().contains("{{")) {
              fixed.set(label, template.text());
            }
          });
      return fixed.build();
    }

    @Override
    public String identity() {
      return "alert " + name + labels;
    }
  }
}
