package vigie.collector.rule;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.AlertStore;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.promql.PromqlException;
import vigie.collector.promql.QueryResult;
import vigie.collector.promql.SeriesNotation;
import vigie.collector.rule.RuleTestFile.AlertCheck;
import vigie.collector.rule.RuleTestFile.Case;
import vigie.collector.rule.RuleTestFile.ExpectedAlert;
import vigie.collector.rule.RuleTestFile.ExpectedSample;
import vigie.collector.rule.RuleTestFile.ExprCheck;
import vigie.collector.sample.SampleStore;

/**
 * {@code collector rules test}: runs unit tests of rules in promtool's format, by the code that
 * evaluates them in earnest, over time that stands still between the turns.
 */
public final class RuleTests {
  private final Supplier<SampleStore> stores;

  /**
   * @param stores makes an empty store for each test
   */
  public RuleTests(Supplier<SampleStore> stores) {
    this.stores = stores;
  }

  /** Runs all tests of the files and says what differs; true if nothing does. */
  public boolean run(List<Path> files, Appendable out) {
    Report report = new Report(out);
    boolean good = true;
    for (Path file : files) {
      good &= run(file, report);
    }
    return good;
  }

  private boolean run(Path file, Report report) {
    Faults faults = new Faults();
    RuleTestFile tests;
    List<RuleGroup> groups;
    try {
      tests = RuleTestFile.load(file, faults);
      groups = RuleFiles.load(tests.ruleFiles(), tests.evaluationInterval(), faults);
    } catch (ConfigException e) {
      e.faults().forEach(report::line);
      return false;
    }
    if (!faults.isEmpty()) {
      faults.all().forEach(report::line);
      return false;
    }
    int failed = 0;
    List<String> lines = new ArrayList<>();
    for (Case test : tests.tests()) {
      List<String> differences = new Run(tests, groups, test).differences();
      if (!differences.isEmpty()) {
        failed++;
        lines.add("  " + test.position() + ": " + shown(test));
        differences.forEach(line -> lines.add("    " + line));
      }
    }
    int all = tests.tests().size();
    report.line(
        file
            + ": "
            + (failed == 0 ? "ok" : failed + " failed")
            + ", "
            + all
            + (all == 1 ? " test" : " tests"));
    lines.forEach(report::line);
    return failed == 0;
  }

  private static String shown(Case test) {
    return test.name().isEmpty() ? "test" : "test \"" + test.name() + "\"";
  }

  /** One test: its own store, engine and state. */
  private final class Run {
    private final RuleTestFile file;
    private final Case test;
    private final SampleStore store = stores.get();
    private final TestClock clock = new TestClock();
    private final Engine engine = new Engine(store, EngineOptions.defaults());
    private final List<GroupRun> groups = new ArrayList<>();
    private final List<String> differences = new ArrayList<>();
    private final Set<String> failing = new HashSet<>();
    private final long start;

    Run(RuleTestFile file, List<RuleGroup> loaded, Case test) {
      this.file = file;
      this.test = test;
      this.start = test.start().toEpochMilli();
      clock.millis = start;
      GroupRun.Shared shared =
          new GroupRun.Shared(
              engine,
              store,
              changes -> {},
              AlertStore.NONE,
              clock,
              new RuleMeters(new SimpleMeterRegistry()),
              RuleOptions.defaults().withExternal(test.externalLabels(), test.externalUrl()));
      List<RuleGroup> ordered = new ArrayList<>(loaded);
      List<String> order = file.groupOrder();
      ordered.sort(
          Comparator.comparingInt(
              group -> order.contains(group.name()) ? order.indexOf(group.name()) : order.size()));
      ordered.forEach(group -> groups.add(new GroupRun(group, shared)));
    }

    List<String> differences() {
      long end = RuleTestFile.end(test).toMillis();
      long step = file.evaluationInterval().toMillis();
      long appended = 0;
      for (long now = 0; now <= end; now += step) {
        clock.millis = start + now;
        appended = appendUpTo(now, appended);
        for (GroupRun group : groups) {
          group.evaluateAt(start + now);
          noteErrors(group, now);
        }
        for (AlertCheck check : test.alerts()) {
          long at = check.evalTime().toMillis();
          if (at >= now && at < now + step) {
            check(check);
          }
        }
      }
      test.exprs().forEach(this::check);
      return List.copyOf(differences);
    }

    /** Appends the values up to the time, beginning with the one of that index; gives the next. */
    private long appendUpTo(long now, long from) {
      long interval = test.interval().toMillis();
      long next = now / interval + 1;
      for (SeriesNotation series : test.series()) {
        List<SeriesNotation.Value> values = series.values();
        for (long i = from; i < Math.min(next, values.size()); i++) {
          SeriesNotation.Value value = values.get((int) i);
          Histogram histogram = value == null ? null : value.histogram();
          if (histogram != null) {
            store.append(series.labels(), start + i * interval, histogram);
          } else if (value != null) {
            store.append(series.labels(), start + i * interval, value.number());
          }
        }
      }
      return next;
    }

    private void noteErrors(GroupRun group, long now) {
      for (GroupStatus.RuleStatus rule : group.status().rules()) {
        boolean fails = rule.health() == GroupStatus.Health.ERR;
        // Once for each way to fail: it would fail at every turn.
        if (fails && failing.add(rule.rule().position() + rule.lastError())) {
          differences.add(
              rule.rule().position()
                  + ": "
                  + rule.rule().name()
                  + " fails at "
                  + time(now)
                  + ": "
                  + rule.lastError());
        }
      }
    }

    private void check(AlertCheck check) {
      List<Alert> unexpected = new ArrayList<>();
      for (GroupRun group : groups) {
        for (Alert alert : group.alerts()) {
          if (alert.state() == AlertState.FIRING && alert.name().equals(check.alertname())) {
            unexpected.add(alert);
          }
        }
      }
      List<ExpectedAlert> missing = new ArrayList<>();
      for (ExpectedAlert expected : check.expected()) {
        if (!unexpected.removeIf(
            a ->
                a.labels().equals(expected.labels())
                    && a.annotations().equals(expected.annotations()))) {
          missing.add(expected);
        }
      }
      if (missing.isEmpty() && unexpected.isEmpty()) {
        return;
      }
      differences.add(
          check.position() + ": " + check.alertname() + " at " + time(check.evalTime().toMillis()));
      for (ExpectedAlert expected : missing) {
        Alert same = withLabels(unexpected, expected.labels());
        if (same == null) {
          differences.add("  expected, not firing: " + expected.labels());
        } else {
          unexpected.remove(same);
          differences.add("  annotations of " + expected.labels());
          compare(expected.annotations(), same.annotations());
        }
      }
      for (Alert alert : unexpected) {
        differences.add("  firing, not expected: " + alert.labels());
        differences.add("           annotations: " + alert.annotations());
      }
    }

    private void compare(Labels expected, Labels got) {
      Set<String> names = new TreeSet<>(expected.toMap().keySet());
      names.addAll(got.toMap().keySet());
      for (String name : names) {
        if (!expected.get(name).equals(got.get(name))) {
          differences.add("    " + name + " expected: " + expected.get(name));
          differences.add("    " + " ".repeat(name.length()) + "      got: " + got.get(name));
        }
      }
    }

    private void check(ExprCheck check) {
      List<ExpectedSample> got = new ArrayList<>();
      try {
        QueryResult.Value value =
            engine.instant(check.expr(), start + check.evalTime().toMillis()).value();
        if (value instanceof QueryResult.Vector vector) {
          vector
              .samples()
              .forEach(s -> got.add(new ExpectedSample(s.labels(), s.value(), s.histogram())));
        } else if (value instanceof QueryResult.Scalar scalar) {
          got.add(new ExpectedSample(Labels.EMPTY, scalar.value(), null));
        } else {
          differences.add(check.position() + ": the expression gives a " + value.type().text());
          return;
        }
      } catch (PromqlException e) {
        differences.add(check.position() + ": " + check.query() + ": " + e.getMessage());
        return;
      }
      List<ExpectedSample> missing = new ArrayList<>();
      for (ExpectedSample expected : check.expected()) {
        if (!got.removeIf(s -> isSame(s, expected))) {
          missing.add(expected);
        }
      }
      if (missing.isEmpty() && got.isEmpty()) {
        return;
      }
      differences.add(
          check.position() + ": " + check.query() + " at " + time(check.evalTime().toMillis()));
      missing.forEach(s -> differences.add("  expected: " + s.labels() + " " + s.text()));
      got.forEach(s -> differences.add("       got: " + s.labels() + " " + s.text()));
    }

    private boolean isSame(ExpectedSample a, ExpectedSample b) {
      Histogram one = a.histogram();
      Histogram other = b.histogram();
      if (one != null || other != null) {
        return one != null
            && other != null
            && a.labels().equals(b.labels())
            && one.compacted().equals(other.compacted())
            && one.hint() == other.hint();
      }
      double difference = Math.abs(a.value() - b.value());
      return a.labels().equals(b.labels())
          && (Double.compare(a.value(), b.value()) == 0
              || a.value() == b.value()
              || file.fuzzy() && difference <= 1e-12 * Math.abs(a.value()));
    }
  }

  private static @Nullable Alert withLabels(List<Alert> alerts, Labels labels) {
    return alerts.stream().filter(a -> a.labels().equals(labels)).findFirst().orElse(null);
  }

  private static String time(long millis) {
    return Durations.format(Duration.ofMillis(millis));
  }

  /** Time as the test tells it, from the epoch on. */
  private static final class TestClock implements Clock {
    private long millis;

    @Override
    public Instant now() {
      return Instant.ofEpochMilli(millis);
    }

    @Override
    public long nanos() {
      return millis * 1_000_000;
    }
  }
}
