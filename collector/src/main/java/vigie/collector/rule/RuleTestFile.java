package vigie.collector.rule;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Faults;
import vigie.base.config.Globs;
import vigie.base.config.Position;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;
import vigie.collector.promql.SeriesNotation;

/**
 * A file of unit tests for rules, in promtool's format.
 *
 * @param ruleFiles found, from the patterns in the file
 * @param groupOrder the groups evaluated first, in this order
 * @param fuzzy whether values may differ in their last digits
 */
record RuleTestFile(
    List<Path> ruleFiles,
    Duration evaluationInterval,
    List<String> groupOrder,
    boolean fuzzy,
    List<Case> tests) {

  /**
   * One test.
   *
   * @param start what its times count from
   */
  record Case(
      Position position,
      String name,
      Duration interval,
      List<SeriesNotation> series,
      List<AlertCheck> alerts,
      List<ExprCheck> exprs,
      Labels externalLabels,
      String externalUrl,
      Instant start) {}

  record AlertCheck(
      Position position, Duration evalTime, String alertname, List<ExpectedAlert> expected) {}

  /** Labels with {@code alertname}. */
  record ExpectedAlert(Labels labels, Labels annotations) {}

  record ExprCheck(
      Position position,
      String query,
      Expr expr,
      Duration evalTime,
      List<ExpectedSample> expected) {}

  /**
   * @param value counts where there is no histogram
   */
  record ExpectedSample(Labels labels, double value, @Nullable Histogram histogram) {
    String text() {
      Histogram there = histogram;
      return there == null ? Double.toString(value) : there + " " + there.hint();
    }
  }

  private static final Duration MOST = Duration.ofDays(3650);

  /**
   * @throws vigie.base.config.ConfigException if the file cannot be read at all
   */
  static RuleTestFile load(Path file, Faults faults) {
    Section top = Yaml.load(file, Map.of(), faults);
    List<Path> rules = new ArrayList<>();
    Path folder = file.toAbsolutePath().getParent();
    for (String pattern : top.strings("rule_files")) {
      List<Path> found = Globs.find(folder == null ? Path.of("") : folder, pattern);
      if (found.isEmpty()) {
        top.fault("rule_files", "no file is named " + pattern);
      }
      rules.addAll(found);
    }
    Duration interval = positive(top, "evaluation_interval", Duration.ofMinutes(1));
    List<String> order = top.strings("group_eval_order");
    boolean fuzzy = top.bool("fuzzy_compare", false);
    List<Case> tests = new ArrayList<>();
    for (Section test : top.sections("tests")) {
      tests.add(test(test, interval));
    }
    top.end();
    return new RuleTestFile(rules, interval, order, fuzzy, tests);
  }

  private static Duration positive(Section section, String key, Duration otherwise) {
    Duration given = section.duration(key, otherwise, Duration.ZERO, MOST);
    return given.isZero() ? otherwise : given;
  }

  private static Case test(Section section, Duration evaluationInterval) {
    List<SeriesNotation> series = new ArrayList<>();
    for (Section input : section.sections("input_series")) {
      try {
        series.add(
            SeriesNotation.parse(input.requiredString("series"), input.requiredString("values")));
      } catch (IllegalArgumentException e) {
        input.fault(String.valueOf(e.getMessage()));
      }
      input.end();
    }
    List<AlertCheck> alerts = new ArrayList<>();
    section.sections("alert_rule_test").forEach(check -> alerts.add(alertCheck(check)));
    List<ExprCheck> exprs = new ArrayList<>();
    section.sections("promql_expr_test").forEach(check -> exprs.add(exprCheck(check)));
    Case test =
        new Case(
            section.position(),
            section.string("name", ""),
            positive(section, "interval", evaluationInterval),
            series,
            alerts,
            exprs,
            Labels.of(section.section("external_labels").stringMap()),
            section.string("external_url", ""),
            start(section));
    section.end();
    return test;
  }

  /** Seconds since the epoch, or a time as RFC 3339 writes it. */
  private static Instant start(Section section) {
    String text = section.string("start_timestamp", "0");
    try {
      return text.matches("[0-9]{1,10}([.][0-9]{1,9})?")
          ? Instant.ofEpochMilli(Math.round(Double.parseDouble(text) * 1000))
          : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      section.fault(
          "start_timestamp",
          "start_timestamp \"" + text + "\" is no time; write 1609459200 or 2021-01-01T00:00:00Z");
      return Instant.EPOCH;
    }
  }

  private static AlertCheck alertCheck(Section section) {
    String name = section.requiredString("alertname");
    List<ExpectedAlert> expected = new ArrayList<>();
    for (Value each : section.list("exp_alerts")) {
      Section alert = each.section();
      expected.add(
          new ExpectedAlert(
              Labels.of(alert.section("exp_labels").stringMap()).with("alertname", name),
              Labels.of(alert.section("exp_annotations").stringMap())));
      alert.end();
    }
    AlertCheck check =
        new AlertCheck(
            section.position(),
            section.duration("eval_time", Duration.ZERO, Duration.ZERO, MOST),
            name,
            expected);
    section.end();
    return check;
  }

  private static ExprCheck exprCheck(Section section) {
    String query = section.requiredString("expr");
    Expr expr = parsed(section, query);
    List<ExpectedSample> expected = new ArrayList<>();
    for (Section sample : section.sections("exp_samples")) {
      try {
        Labels labels = SeriesNotation.labels(sample.string("labels", ""));
        String histogram = sample.string("histogram", "");
        String text = histogram.isEmpty() ? number(sample.requiredString("value")) : histogram;
        SeriesNotation.Value value = SeriesNotation.values(text).get(0);
        expected.add(
            value == null
                ? new ExpectedSample(labels, 0, null)
                : new ExpectedSample(labels, value.number(), value.histogram()));
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        sample.fault("expected sample: " + e.getMessage());
      }
      sample.end();
    }
    ExprCheck check =
        new ExprCheck(
            section.position(),
            query,
            expr,
            section.duration("eval_time", Duration.ZERO, Duration.ZERO, MOST),
            expected);
    section.end();
    return check;
  }

  /** YAML's spellings of what is no number. */
  private static String number(String text) {
    return text.startsWith(".") || text.startsWith("-.") || text.startsWith("+.")
        ? text.replaceFirst("\\.(?=[a-zA-Z])", "")
        : text;
  }

  private static Expr parsed(Section section, String query) {
    try {
      return Parser.parse(query);
    } catch (PromqlException e) {
      Value value = section.value("expr");
      if (value != null && !query.isEmpty()) {
        value.fault("expr: " + e.getMessage());
      }
      return Parser.parse("0");
    }
  }

  /** The time of the last check. */
  static Duration end(Case test) {
    Duration end = Duration.ZERO;
    for (AlertCheck check : test.alerts()) {
      end = later(end, check.evalTime());
    }
    for (ExprCheck check : test.exprs()) {
      end = later(end, check.evalTime());
    }
    return end;
  }

  private static Duration later(Duration a, Duration b) {
    return b.compareTo(a) > 0 ? b : a;
  }
}
