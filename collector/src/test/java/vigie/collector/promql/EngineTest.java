package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import vigie.base.time.Clock;
import vigie.collector.label.Labels;
import vigie.collector.sample.Staleness;
import vigie.collector.store.sample.MemorySampleStore;

class EngineTest {
  private final MemorySampleStore store = new MemorySampleStore(100_000);
  private final Engine engine = new Engine(store, EngineOptions.defaults());

  @Test
  void givenLookback_whenSampleIsExactlyThatOld_thenNotSeen() {
    load("up", 0, 1);

    assertThat(vector("up", 299_999)).containsExactly("{__name__=\"up\"}=1.0");
    assertThat(vector("up", 300_000)).isEmpty();
  }

  @Test
  void givenRange_whenSampleIsAtItsStart_thenNotSeen() {
    load("up", 60_000, 1, 2, 3);

    assertThat(vector("count_over_time(up[1m])", 60_000)).containsExactly("{}=1.0");
    assertThat(vector("count_over_time(up[1m1ms])", 60_000)).containsExactly("{}=2.0");
  }

  @Test
  void givenStaleSeries_whenAsked_thenGoneAtOnceAndLeftOutOfRanges() {
    load("up", 10_000, 1, 2, Staleness.MARKER);

    assertThat(vector("up", 19_999)).hasSize(1);
    assertThat(vector("up", 20_000)).isEmpty();
    assertThat(vector("count_over_time(up[1m])", 20_000)).containsExactly("{}=2.0");
  }

  @Test
  void givenReleasedSettings_whenNamesAreDropped_thenAtOnce() {
    load("a", 10_000, 0, 1);
    load("b", 10_000, 0, 2);

    assertThatThrownBy(() -> vector("sum(abs({__name__=~\"a|b\"}))", 10_000))
        .hasMessage("vector cannot contain metrics with the same labelset")
        .matches(e -> ((PromqlException) e).kind() == PromqlException.Kind.EXECUTION);
    Engine delayed = new Engine(store, EngineOptions.defaults().withDelayedNameRemoval(true));
    QueryResult sum = delayed.instant(Parser.parse("sum(abs({__name__=~\"a|b\"}))"), 10_000);
    assertThat(((QueryResult.Vector) sum.value()).samples().get(0).value()).isEqualTo(3);
  }

  @Test
  void givenScalarAndString_whenAsked_thenTheirOwnTypes() {
    assertThat(engine.instant(Parser.parse("1 + time()"), 5000).value())
        .isEqualTo(new QueryResult.Scalar(5000, 6));
    assertThat(engine.instant(Parser.parse("\"a\""), 5000).value())
        .isEqualTo(new QueryResult.Text(5000, "a"));
  }

  @Test
  void givenRangeQuery_whenAsked_thenStepsWithoutValuesAreLeftOut() {
    load("up", 60_000, 1, 2, Staleness.MARKER, 4);

    QueryResult result = engine.range(Parser.parse("up"), 0, 200_000, 60_000);

    QueryResult.Row row = ((QueryResult.Matrix) result.value()).rows().get(0);
    assertThat(row.timesMillis()).containsExactly(0, 60_000, 180_000);
    assertThat(row.values()).containsExactly(1, 2, 4);
  }

  @Test
  void givenRangeSelectorOrBadStep_whenAskedAsRangeQuery_thenRefused() {
    assertThatThrownBy(() -> engine.range(Parser.parse("up[5m]"), 0, 10, 1))
        .hasMessageContaining("invalid expression type \"range vector\" for range query");
    assertThatThrownBy(() -> engine.range(Parser.parse("up"), 0, 10, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void givenTooManySamples_whenAsked_thenRefusedWithTheLimit() {
    load("up", 1000, new double[2000]);
    Engine small = new Engine(store, EngineOptions.defaults().withMaxSamples(1000));

    for (String query : List.of("sum_over_time(up[1h])", "up[1h]", "sum_over_time(up[1h:1s])")) {
      assertThatThrownBy(() -> small.instant(Parser.parse(query), 2_000_000))
          .as(query)
          .hasMessageContaining("more than 1000")
          .matches(e -> ((PromqlException) e).kind() == PromqlException.Kind.LIMIT);
    }
    assertThatThrownBy(() -> small.range(Parser.parse("up"), 0, 10_000_000, 1000))
        .hasMessageContaining("more than 1000");
    assertThatThrownBy(() -> small.range(Parser.parse("1"), 0, Long.MAX_VALUE / 2, 1))
        .hasMessageContaining("more than 1000");
    assertThat(small.instant(Parser.parse("up"), 2_000_000).warnings()).isEmpty();
  }

  @Test
  void givenSlowQuery_whenItsTimeIsUp_thenGivenUp() {
    for (int i = 0; i < 2000; i++) {
      store.append(Labels.of(Labels.NAME, "up", "i", "" + i), 0, 1);
    }
    Engine impatient =
        new Engine(
            store, EngineOptions.defaults().withTimeout(Duration.ofSeconds(1)), new TickingClock());

    assertThatThrownBy(() -> impatient.instant(Parser.parse("sum(up)"), 0))
        .hasMessageContaining("took longer than 1000 ms")
        .matches(e -> ((PromqlException) e).kind() == PromqlException.Kind.TIMEOUT);
  }

  @Test
  void givenNobodyWaitsAnyMore_whenAQueryRuns_thenItEnds() {
    load("up", 1000, new double[2000]);
    AtomicInteger asked = new AtomicInteger();
    Engine abandoned =
        engine.with(
            EngineOptions.defaults(), Clock.system().nanos(), () -> asked.incrementAndGet() > 3);

    assertThatThrownBy(
            () -> abandoned.range(Parser.parse("sum_over_time(up[1h])"), 0, 10_000_000, 5000))
        .matches(e -> ((PromqlException) e).kind() == PromqlException.Kind.CANCELED);
  }

  @Test
  void givenLongWindowsAtManySteps_whenTimeIsUp_thenGivenUpWithinASeries() {
    load("up", 1000, new double[2000]);
    Engine impatient =
        new Engine(
            store, EngineOptions.defaults().withTimeout(Duration.ofSeconds(9)), new TickingClock());

    for (String query : List.of("sum_over_time(up[1h])", "quantile_over_time(0.5, up[1h])")) {
      assertThatThrownBy(() -> impatient.range(Parser.parse(query), 0, 10_000_000, 5000))
          .as(query)
          .matches(e -> ((PromqlException) e).kind() == PromqlException.Kind.TIMEOUT);
    }
  }

  @Test
  void givenFineSubqueryOfWhatIsNotStored_whenAsked_thenItCountsAsSamplesToo() {
    Engine small = new Engine(store, EngineOptions.defaults().withMaxSamples(1000));

    for (String inner :
        List.of("vector(time()) > 1e15", "hour() > 24", "absent(vector(time()))", "up")) {
      assertThatThrownBy(
              () -> small.instant(Parser.parse("sum_over_time((" + inner + ")[1h:1s])"), 0))
          .as(inner)
          .matches(e -> ((PromqlException) e).kind() == PromqlException.Kind.LIMIT);
      small.instant(Parser.parse("sum_over_time((" + inner + ")[1h:1m])"), 0);
    }
  }

  @Test
  void givenLabelsThatGrowTenfoldByCall_whenAsked_thenRefusedBeforeTheyAreMade() {
    load("up", 1000, 1);
    String tenfold = "$1".repeat(10);
    String replaced = "label_replace(up, \"a\", \"0123456789\", \"\", \"\")";
    String joined = replaced;
    for (int i = 0; i < 9; i++) {
      replaced = "label_replace(" + replaced + ", \"a\", \"" + tenfold + "\", \"a\", \"(.+)\")";
      joined = "label_join(" + joined + ", \"a\", \"\"" + ", \"a\"".repeat(10) + ")";
    }

    for (String query : List.of(replaced, joined)) {
      assertThatThrownBy(() -> vector(query, 0))
          .hasMessageContaining("could make a label of")
          .matches(e -> ((PromqlException) e).kind() == PromqlException.Kind.LIMIT);
    }
  }

  @Test
  void givenMatchesThatGiveNewLabelsAtEachStep_whenAsked_thenTheyCountAsSamples() {
    for (int i = 0; i < 50; i++) {
      store.append(Labels.of(Labels.NAME, "a", "i", "" + i), 0, 1);
      store.append(Labels.of(Labels.NAME, "b", "x", "" + i), i * 1000L, i);
    }
    Expr query = Parser.parse("a * on() group_left(x) topk(1, b)");
    Engine small = new Engine(store, EngineOptions.defaults().withMaxSamples(20_000));

    assertThat(((QueryResult.Matrix) engine.range(query, 0, 49_000, 1000).value()).rows())
        .hasSize(2500);
    assertThatThrownBy(() -> small.range(query, 0, 49_000, 1000))
        .hasMessageContaining("more than 20000");
  }

  @Test
  void givenAnotherAnnotationAtEachStep_whenAsked_thenOnlySomeAreKept() {
    Expr query = Parser.parse("max_over_time(quantile(2 + time(), vector(1))[1h:1s])");

    assertThat(engine.instant(query, 3_600_000).warnings())
        .hasSize(11)
        .last()
        .isEqualTo("at least 990 more warning annotations omitted");
  }

  @Test
  void givenSubqueryOfAgedData_whenItsRangeIsBeforeAllSteps_thenEmpty() {
    load("up", 1000, 1);

    assertThat(vector("sum_over_time(up[500ms:10s])", 5000)).isEmpty();
  }

  @Test
  void givenDeepestQueries_whenAsked_thenTheStackSuffices() {
    load("up", 1000, 1);
    int deep = Parser.DEEPEST - 1;
    int many = Parser.MOST_OPERATORS;

    assertThat(vector("sum(".repeat(deep) + "up" + ")".repeat(deep), 0)).hasSize(1);
    assertThat(vector("up" + " + up".repeat(many), 0)).containsExactly("{}=" + (many + 1.0));
  }

  @Test
  void givenRateOfWhatIsNoCounter_whenAsked_thenInfoWithPlace() {
    load("temperature", 10_000, 1, 2, 3);

    QueryResult result = engine.instant(Parser.parse("1 + rate((temperature[1m]))"), 20_000);

    assertThat(result.infos())
        .containsExactly(
            "PromQL info: metric might not be a counter, name does not end in"
                + " _total/_sum/_count/_bucket: \"temperature\" (1:11)");
  }

  @Test
  void givenSeriesWithGaps_whenAnyStepIsAsked_thenEqualToInstantQueriesThere() {
    double[] values = new double[400];
    Arrays.setAll(values, i -> i % 37 == 0 ? Staleness.MARKER : Math.sin(i) * 100 + i);
    load("a_total", 7000, values);
    load("b_total", 11_000, values);

    for (String query :
        List.of(
            "rate(a_total[1m])",
            "a_total offset 3m or b_total",
            "sum({__name__=~\".*_total\"})",
            "a_total > on() b_total",
            "quantile_over_time(0.3, a_total[5m])",
            "max_over_time(rate(a_total[2m])[10m:30s])",
            "topk(1, {__name__=~\".*_total\"})",
            "absent(a_total offset 40m)",
            "predict_linear(b_total[7m], 60)",
            "timestamp(a_total)")) {
      Expr expr = Parser.parse(query);
      QueryResult.Matrix range =
          (QueryResult.Matrix) engine.range(expr, 0, 4_000_000, 13_000).value();
      for (long at = 0; at <= 4_000_000; at += 13_000) {
        long time = at;
        List<String> expected =
            ((QueryResult.Vector) engine.instant(expr, at).value())
                .samples().stream().map(s -> s.labels() + "=" + s.value()).sorted().toList();
        List<String> actual =
            range.rows().stream()
                .filter(r -> Arrays.binarySearch(r.timesMillis(), time) >= 0)
                .map(r -> r.labels() + "=" + r.values()[Arrays.binarySearch(r.timesMillis(), time)])
                .sorted()
                .toList();
        assertThat(actual).as("%s at %s", query, at).isEqualTo(expected);
      }
    }
  }

  private void load(String name, long step, double... values) {
    for (int i = 0; i < values.length; i++) {
      store.append(Labels.of(Labels.NAME, name), i * step, values[i]);
    }
  }

  private List<String> vector(String query, long time) {
    QueryResult result = engine.instant(Parser.parse(query), time);
    return ((QueryResult.Vector) result.value())
        .samples().stream().map(s -> s.labels() + "=" + s.value()).toList();
  }

  /** Goes on by a second whenever it is looked at. */
  private static final class TickingClock implements Clock {
    private long nanos;

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }

    @Override
    public long nanos() {
      nanos += 1_000_000_000L;
      return nanos;
    }
  }
}
