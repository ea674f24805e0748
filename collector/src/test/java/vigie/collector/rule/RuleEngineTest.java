package vigie.collector.rule;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.AlertStore;
import vigie.collector.event.Event;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;
import vigie.collector.sample.Staleness;
import vigie.collector.store.sample.DiskSampleStore;
import vigie.collector.store.sample.MemorySampleStore;
import vigie.collector.store.sample.SampleStoreOptions;

class RuleEngineTest {
  private static final Labels UP = Labels.of("__name__", "up", "node", "p1");
  private static final String HELD =
      """
      groups:
        - name: g
          interval: 15s
          rules:
            - alert: Down
              expr: up == 0
              for: 30s
              labels: {severity: critical}
              annotations: {summary: '{{ $labels.node }} is {{ $value }}'}
      """;
  private static final String AT_ONCE = HELD.replace("for: 30s", "for: 0s");

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final KeptAlerts kept = new KeptAlerts();
  private final List<Alert> told = new ArrayList<>();
  private final List<String> order = new ArrayList<>();
  private SampleStore samples = new MemorySampleStore(10_000);
  private RuleEngine engine;
  private Runnable whenTold = () -> {};

  /** An alert store that a restart doesn't touch. */
  private final class KeptAlerts implements AlertStore {
    private final Map<String, List<Alert>> groups = new HashMap<>();

    @Override
    public void save(String group, Collection<Alert> alerts) {
      order.add("saved");
      if (alerts.isEmpty()) {
        groups.remove(group);
      } else {
        groups.put(group, List.copyOf(alerts));
      }
    }

    @Override
    public List<Alert> load(String group) {
      return groups.getOrDefault(group, List.of());
    }

    @Override
    public List<String> groups() {
      return List.copyOf(groups.keySet());
    }
  }

  @BeforeEach
  void start() {
    engine = newEngine(Runnable::run);
  }

  private RuleEngine newEngine(java.util.concurrent.Executor executor) {
    return new RuleEngine(
        new Engine(samples, EngineOptions.defaults(), clock),
        samples,
        alerts -> {
          order.add("told");
          told.addAll(alerts);
          whenTold.run();
        },
        kept,
        clock,
        clock,
        executor,
        meters,
        RuleOptions.defaults());
  }

  /** A crash: nothing is closed in order, and the samples are gone with the memory. */
  private void restart(String rules) throws Exception {
    engine.close();
    told.clear();
    samples = new MemorySampleStore(10_000);
    engine = newEngine(Runnable::run);
    load(rules);
  }

  private void load(String rules) throws Exception {
    engine.load(groups(rules));
  }

  private List<RuleGroup> groups(String rules) throws Exception {
    Path file = folder.resolve("rules.yml");
    Files.writeString(file, rules);
    Faults faults = new Faults();
    List<RuleGroup> groups = RuleFiles.load(List.of(file), Duration.ofSeconds(15), faults);
    assertThat(faults.all()).isEmpty();
    return groups;
  }

  @Test
  void givenGroupThatWasReplaced_whenItsTriggeredTurnComesLate_thenWhatIsAskedForIsLeftToTheNext()
      throws Exception {
    GroupRun.Shared shared =
        new GroupRun.Shared(
            new Engine(samples, EngineOptions.defaults(), clock),
            samples,
            told::addAll,
            kept,
            clock,
            new RuleMeters(meters),
            RuleOptions.defaults());
    RuleGroup group = groups(AT_ONCE).get(0);
    GroupRun before = new GroupRun(group, shared);
    GroupRun next = new GroupRun(group, shared);
    next.adopt(before);

    before.ask(UP);
    before.evaluateNow();
    next.takeWaitingOf(before);

    assertThat(next.isAsked()).isTrue();
  }

  private void up(double value) {
    samples.append(UP, clock.millis(), value);
  }

  /** Lets the time go on in steps of 5 s, with a sample of {@code up} at each. */
  private void hold(double value, int seconds) {
    for (int i = 0; i < seconds; i += 5) {
      up(value);
      clock.advance(Duration.ofSeconds(5));
    }
  }

  private List<AlertState> states() {
    return engine.alerts().stream().map(Alert::state).toList();
  }

  private Alert only() {
    assertThat(engine.alerts()).hasSize(1);
    return engine.alerts().get(0);
  }

  private Event event(String node, String type, String text) {
    Instant now = clock.now();
    return new Event(now, now, node, 3, 2, "vigie", type, Map.of("reason", "refused"), text, null);
  }

  @Test
  void givenFor_whenExprHoldsAndEnds_thenPendingFiringResolved() throws Exception {
    load(HELD);
    hold(1, 60);
    assertThat(states()).isEmpty();

    hold(0, 20);
    assertThat(states()).containsExactly(AlertState.PENDING);
    assertThat(told).isEmpty();
    Instant activeAt = only().activeAt();

    hold(0, 30);
    assertThat(told).hasSize(1);
    Alert fired = told.get(0);
    assertThat(fired.state()).isEqualTo(AlertState.FIRING);
    assertThat(fired.labels())
        .isEqualTo(Labels.of("alertname", "Down", "node", "p1", "severity", "critical"));
    assertThat(fired.annotations()).isEqualTo(Labels.of("summary", "p1 is 0"));
    assertThat(fired.rule()).isEqualTo("g/Down");
    assertThat(fired.activeAt()).isEqualTo(activeAt);
    assertThat(fired.firedAt()).isEqualTo(activeAt.plusSeconds(30));

    hold(1, 20);
    assertThat(told).hasSize(2);
    assertThat(told.get(1).state()).isEqualTo(AlertState.RESOLVED);
    assertThat(told.get(1).fingerprint()).isEqualTo(fired.fingerprint());
    hold(1, 14 * 60);
    assertThat(states()).containsExactly(AlertState.RESOLVED);
    hold(1, 2 * 60);
    assertThat(states()).isEmpty();
    assertThat(order).containsExactly("saved", "saved", "told", "saved", "told");
  }

  @Test
  void givenPending_whenExprEnds_thenGoneAndNobodyTold() throws Exception {
    load(HELD);
    hold(0, 20);
    hold(1, 20);
    assertThat(states()).isEmpty();
    assertThat(told).isEmpty();
    assertThat(kept.groups).isEmpty();
  }

  @Test
  void givenKeepFiringFor_whenExprEndsForAMoment_thenItFiresOn() throws Exception {
    load(AT_ONCE.replace("for: 0s", "keep_firing_for: 1m"));
    hold(0, 20);
    assertThat(states()).containsExactly(AlertState.FIRING);
    hold(1, 45);
    hold(0, 20);
    hold(1, 60);
    assertThat(states()).containsExactly(AlertState.FIRING);
    hold(1, 30);
    assertThat(states()).containsExactly(AlertState.RESOLVED);
  }

  @Test
  void givenKeepFiringFor_whenRestarted_thenItIsKeptNoLongerThanItWouldHaveBeen() throws Exception {
    String rules = AT_ONCE.replace("for: 0s", "keep_firing_for: 10m");
    load(rules);
    hold(0, 20);
    hold(1, 540);
    restart(rules);
    hold(1, 30);
    assertThat(states()).containsExactly(AlertState.FIRING);
    hold(1, 60);
    assertThat(states()).containsExactly(AlertState.RESOLVED);
  }

  @Test
  void givenFiring_whenEvaluated_thenAlertSeriesFollowAndEnd() throws Exception {
    load(HELD);
    hold(0, 20);
    assertThat(alertSeries()).containsExactly("pending 1.0");
    hold(0, 30);
    assertThat(alertSeries()).containsExactly("firing 1.0", "pending stale");
    hold(1, 20);
    assertThat(alertSeries()).containsExactly("firing stale", "pending stale");
  }

  private List<String> alertSeries() {
    List<String> all = new ArrayList<>();
    for (Series series :
        samples.select(0, clock.millis(), List.of(LabelMatcher.equal("__name__", "ALERTS")))) {
      double last = 0;
      for (SampleIterator i = series.iterator(); i.next(); ) {
        last = i.value();
      }
      all.add(series.labels().get("alertstate") + " " + (Staleness.isStale(last) ? "stale" : last));
    }
    return all;
  }

  @Test
  void givenEvent_whenItsSeriesIsSelected_thenEvaluatedAtOnceAndEventAttached() throws Exception {
    load(AT_ONCE);
    up(0);
    engine.trigger(UP, event("p1", "probe.down", "refused"));
    assertThat(told).hasSize(1);
    assertThat(told.get(0).state()).isEqualTo(AlertState.FIRING);
    assertThat(told.get(0).events()).extracting(Event::text).containsExactly("refused");

    clock.advance(Duration.ofSeconds(1));
    up(1);
    engine.trigger(UP, event("p1", "probe.up", "back"));
    assertThat(told.get(1).state()).isEqualTo(AlertState.RESOLVED);
    assertThat(told.get(1).resolvedAt()).isEqualTo(clock.now());
    assertThat(told.get(1).events()).extracting(Event::text).containsExactly("back", "refused");
  }

  @Test
  void givenEventOfAnotherNode_whenTriggered_thenNotAttached() throws Exception {
    load(AT_ONCE);
    up(0);
    engine.trigger(UP, event("p2", "probe.down", "other"));
    assertThat(only().events()).isEmpty();
    engine.trigger(Labels.of("__name__", "down", "node", "p1"), event("p1", "x", "not selected"));
    clock.advance(Duration.ofSeconds(30));
    assertThat(only().events()).isEmpty();
  }

  @Test
  void givenBurst_whenTriggered_thenFewEvaluationsAndTheTenNewestEvents() throws Exception {
    load(AT_ONCE);
    up(0);
    for (int i = 0; i < 500; i++) {
      engine.trigger(UP, event("p1", "probe.down", "event " + i));
      clock.advance(Duration.ofMillis(1));
    }
    clock.advance(Duration.ofMillis(500));
    double evaluations = meters.counter("vigie.rule.group.triggered").count();
    assertThat(evaluations).isEqualTo(2);
    assertThat(only().events()).hasSize(10);
    assertThat(only().events().get(0).text()).isEqualTo("event 499");
  }

  @Test
  void givenFor_whenEventTriggers_thenItWaitsAsLongAsAnyOther() throws Exception {
    load(HELD);
    up(0);
    engine.trigger(UP, event("p1", "probe.down", "refused"));
    Instant activeAt = clock.now();
    assertThat(only().activeAt()).isEqualTo(activeAt);
    hold(0, 50);
    assertThat(told).hasSize(1);
    assertThat(Duration.between(activeAt, told.get(0).firedAt()))
        .isBetween(Duration.ofSeconds(30), Duration.ofSeconds(45));
  }

  @Test
  void givenFiring_whenRestartedWithinTheOutage_thenItFiresOnAsBefore() throws Exception {
    load(HELD);
    hold(0, 60);
    Instant firedAt = only().firedAt();
    restart(HELD);
    assertThat(told).extracting(Alert::state).containsExactly(AlertState.FIRING);
    // No sample has come yet: nothing says that it ended.
    clock.advance(Duration.ofSeconds(40));
    assertThat(states()).containsExactly(AlertState.FIRING);
    hold(0, 60);
    assertThat(only().firedAt()).isEqualTo(firedAt);
    assertThat(told).extracting(Alert::state).containsOnly(AlertState.FIRING);

    restart(HELD);
    hold(1, 30);
    assertThat(states()).containsExactly(AlertState.RESOLVED);
  }

  @Test
  void givenFiring_whenRestartedAndNoDataComeForFiveMinutes_thenResolved() throws Exception {
    load(HELD);
    hold(0, 60);
    restart(HELD);
    clock.advance(Duration.ofMinutes(4));
    assertThat(states()).containsExactly(AlertState.FIRING);
    clock.advance(Duration.ofMinutes(2));
    assertThat(states()).containsExactly(AlertState.RESOLVED);
  }

  @Test
  void givenPending_whenRestarted_thenTheWaitGoesOn() throws Exception {
    load(HELD);
    hold(0, 20);
    assertThat(states()).containsExactly(AlertState.PENDING);
    Instant activeAt = only().activeAt();
    restart(HELD);
    hold(0, 30);
    assertThat(only().firedAt()).isEqualTo(activeAt.plusSeconds(30));
  }

  @Test
  void givenResolvedBeforeACrash_whenRestarted_thenToldAgain() throws Exception {
    load(AT_ONCE);
    hold(0, 20);
    hold(1, 20);
    restart(AT_ONCE);
    assertThat(told).extracting(Alert::state).containsExactly(AlertState.RESOLVED);
  }

  @Test
  void givenFiring_whenItsRuleIsGoneAfterRestart_thenResolvedAndForgotten() throws Exception {
    load(AT_ONCE);
    hold(0, 20);
    restart(AT_ONCE.replace("name: g", "name: other"));
    assertThat(told).extracting(Alert::state).containsExactly(AlertState.RESOLVED);
    assertThat(kept.groups).isEmpty();
  }

  @Test
  void givenFiring_whenReloaded_thenUnchangedRulesKeepTheirAlertsAndOthersEnd() throws Exception {
    String two = AT_ONCE + AT_ONCE.substring(AT_ONCE.indexOf("      - alert"));
    two =
        two.substring(0, two.lastIndexOf("Down"))
            + "Gone"
            + two.substring(two.lastIndexOf("Down") + 4);
    load(two);
    hold(0, 20);
    Instant firedAt = engine.alerts().get(0).firedAt();
    told.clear();

    load(AT_ONCE.replace("{{ $value }}", "down"));
    assertThat(told).extracting(Alert::name).containsExactly("Gone");
    assertThat(told).extracting(Alert::state).containsExactly(AlertState.RESOLVED);
    told.clear();
    hold(0, 20);
    assertThat(only().firedAt()).isEqualTo(firedAt);
    assertThat(told).extracting(a -> a.annotations().get("summary")).containsExactly("p1 is down");
  }

  @Test
  void givenReloadUnderWay_whenAnEventComes_thenItIsNotLost() throws Exception {
    load(
        AT_ONCE.replace("alert: Down", "alert: Gone")
            + AT_ONCE.substring(AT_ONCE.indexOf("    - alert") - 2));
    hold(0, 20);
    whenTold =
        () -> {
          whenTold = () -> {};
          engine.trigger(UP, event("p1", "probe.down", "meanwhile"));
        };

    load(AT_ONCE);
    clock.advance(Duration.ofSeconds(1));

    assertThat(only().events()).extracting(Event::text).containsExactly("meanwhile");
  }

  @Test
  void givenPending_whenTheClockIsSteppedAnHour_thenItStillWaits() throws Exception {
    load(HELD);
    hold(0, 20);
    clock.step(Duration.ofHours(1));
    hold(0, 10);
    assertThat(states()).containsExactly(AlertState.PENDING);
    hold(0, 20);
    assertThat(states()).containsExactly(AlertState.FIRING);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, -1})
  void givenFiring_whenTheClockIsSteppedADay_thenItFiresOnUntilItsSeriesSaysOtherwise(int days)
      throws Exception {
    engine.close();
    samples =
        DiskSampleStore.open(
            Path.of("/samples"),
            SampleStoreOptions.keeping(Duration.ofDays(15), 1 << 20),
            new ForgetfulFiles(1),
            clock,
            clock,
            Runnable::run,
            Runnable::run,
            meters);
    engine = newEngine(Runnable::run);
    load(AT_ONCE);
    hold(0, 60);
    assertThat(states()).containsExactly(AlertState.FIRING);
    told.clear();
    clock.step(Duration.ofDays(days));
    clock.advance(Duration.ofMinutes(2));
    hold(0, 60);
    assertThat(states()).containsExactly(AlertState.FIRING);
    assertThat(told).allMatch(alert -> alert.state() == AlertState.FIRING);
    hold(1, 20);
    assertThat(states()).containsExactly(AlertState.RESOLVED);
  }

  @Test
  void givenTemplateThatFails_whenExpanded_thenTheAlertGoesOutAllTheSame() throws Exception {
    load(AT_ONCE.replace("{{ $value }}", "{{ if gt $value 1 }}x{{ end }}"));
    hold(0, 20);
    assertThat(told.get(0).annotations().get("summary"))
        .isEqualTo(
            "<error expanding template: 1:29: error calling gt: incompatible types for comparison:"
                + " int and float64; write the constant with a point, such as 80.0>");
    assertThat(meters.counter("vigie.rule.template.failures").count()).isPositive();
  }

  @Test
  void givenRuleThatFails_whenEvaluated_thenOthersGoOnAndItsAlertsStay() throws Exception {
    load(
        """
        groups:
          - name: g
            interval: 15s
            rules:
              - record: bad
                expr: up * on (node) up
              - alert: Down
                expr: up == 0
        """);
    samples.append(Labels.of("__name__", "up", "node", "p1", "x", "1"), clock.millis(), 0);
    hold(0, 20);
    GroupStatus group = engine.groups().get(0);
    assertThat(group.rules().get(0).health()).isEqualTo(GroupStatus.Health.ERR);
    assertThat(group.rules().get(0).lastError()).contains("many-to-many");
    assertThat(group.rules().get(1).state()).isEqualTo("firing");
    assertThat(states()).containsExactly(AlertState.FIRING, AlertState.FIRING);
    assertThat(meters.counter("vigie.rule.evaluation.failures").count()).isPositive();
  }

  @Test
  void givenLimit_whenExceeded_thenTheRuleFailsAndNothingIsTold() throws Exception {
    load(AT_ONCE.replace("interval: 15s", "interval: 15s\n    limit: 1"));
    samples.append(Labels.of("__name__", "up", "node", "p2"), clock.millis(), 0);
    hold(0, 20);
    assertThat(told).isEmpty();
    assertThat(engine.groups().get(0).rules().get(0).lastError())
        .isEqualTo("the result has 2 alerts, over the group's limit of 1");
  }

  @Test
  void givenRecordingRule_whenEvaluated_thenLaterRulesSeeItAndItEndsStale() throws Exception {
    load(
        """
        groups:
          - name: g
            interval: 15s
            rules:
              - record: node:down
                expr: up == 0
                labels: {by: rule}
              - alert: Down
                expr: node:down == 0
        """);
    hold(0, 20);
    assertThat(only().labels())
        .isEqualTo(Labels.of("alertname", "Down", "node", "p1", "by", "rule"));
    hold(1, 20);
    assertThat(states()).containsExactly(AlertState.RESOLVED);
  }

  @Test
  void givenBusyGroup_whenItsTurnComesAgain_thenLeftOutAndCounted() throws Exception {
    Deque<Runnable> held = new ArrayDeque<>();
    engine = newEngine(held::add);
    load(AT_ONCE);
    clock.advance(Duration.ofSeconds(60));
    assertThat(held).hasSize(1);
    assertThat(meters.counter("vigie.rule.group.iterations.missed").count()).isEqualTo(3);
    held.poll().run();
    clock.advance(Duration.ofSeconds(15));
    assertThat(held).hasSize(1);
  }

  @Test
  void givenPushedState_whenTriggered_thenTheAlertIsEvaluatedAtOnceAndItsWaitCounts()
      throws Exception {
    load(AT_ONCE);
    up(0);
    engine.trigger(UP);
    assertThat(only().state()).isEqualTo(AlertState.FIRING);
    engine.trigger(Labels.of("__name__", "other"));
    assertThat(meters.counter("vigie.rule.group.triggered").count()).isEqualTo(1);
  }

  @Test
  void givenPushedStates_whenTriggered_thenWhatTheIntervalRecordsStaysTheSame() throws Exception {
    String rules =
        """
        groups:
          - name: g
            interval: 15s
            rules:
              - {record: for:nobody, expr: sum(up)}
              - {record: for:down, expr: sum(up)}
              - {record: 'for:down:too', expr: 'for:down{node=""} * 1'}
              - {alert: Down, expr: 'for:down:too == 0'}
              - {alert: Other, expr: down == 0}
        """;
    load(rules);
    clock.advance(Duration.ofSeconds(20));
    double before = meters.counter("vigie.rule.evaluations").count();
    up(0);
    engine.trigger(UP);
    assertThat(meters.counter("vigie.rule.evaluations").count() - before).isEqualTo(3);
    assertThat(told).hasSize(1);
    hold(0, 60);
    List<Long> times = new ArrayList<>();
    for (Series series :
        samples.select(0, clock.millis(), List.of(LabelMatcher.equal("__name__", "for:nobody")))) {
      for (SampleIterator i = series.iterator(); i.next(); ) {
        times.add(i.time());
      }
    }
    assertThat(times).hasSizeGreaterThan(3);
    for (int i = 1; i < times.size(); i++) {
      assertThat(times.get(i) - times.get(i - 1)).isEqualTo(15_000);
    }
  }
}
