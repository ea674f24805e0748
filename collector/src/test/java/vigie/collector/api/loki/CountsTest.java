package vigie.collector.api.loki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.collector.event.Event;
import vigie.collector.event.Events;
import vigie.collector.event.MemoryEventStore;
import vigie.collector.label.Labels;

class CountsTest {
  private static final Instant T0 = Events.T0;
  private final MemoryEventStore store = new MemoryEventStore();

  private void add(String node, double seconds, int severity) {
    Instant time = T0.plusNanos((long) (seconds * 1e9));
    Event event = Events.at(Events.foreign(node, "syslog", "x"), time, time);
    store.append(Events.severity(event, severity), new byte[0], () -> {});
  }

  private Map<Labels, double[]> ask(String query, int from, int to, int step) {
    Counts.Steps steps =
        new Counts.Steps(
            Nanos.of(T0.plusSeconds(from)),
            Nanos.of(T0.plusSeconds(to)),
            Duration.ofSeconds(step).toNanos());
    return new Counts(store, steps).of((LogQuery.Metric) LogQlParser.parse(query));
  }

  private static List<String> shown(Map<Labels, double[]> series) {
    List<String> all = new ArrayList<>();
    series.forEach((labels, values) -> all.add(labels + " " + java.util.Arrays.toString(values)));
    return all;
  }

  @Test
  void givenLines_whenCounted_thenARangeHasItsEndAndNotItsBeginning() {
    add("p1", 10, 3);
    add("p1", 15, 3);
    add("p1", 20, 3);
    String counted = "sum(count_over_time({}[10s]))";
    assertThat(shown(ask(counted, 10, 30, 5))).containsExactly("{} [1.0, 2.0, 2.0, 1.0, NaN]");
    assertThat(shown(ask("sum(rate({}[10s]))", 15, 15, 1))).containsExactly("{} [0.2]");
    assertThat(shown(ask("sum(count_over_time({}[10s] offset 5s))", 10, 30, 5)))
        .containsExactly("{} [NaN, 1.0, 2.0, 2.0, 1.0]");
    assertThat(shown(ask("sum(count_over_time({node=\"p2\"}[10s]))", 10, 30, 5))).isEmpty();
  }

  @Test
  void givenSeveralStreams_whenAggregated_thenAsPrometheusWould() {
    add("p1", 1, 3);
    add("p1", 2, 6);
    add("p2", 3, 3);
    add("p2", 4, 3);
    assertThat(shown(ask("sum by (level) (count_over_time({}[10s]))", 10, 10, 1)))
        .containsExactly("{level=\"err\"} [3.0]", "{level=\"info\"} [1.0]");
    assertThat(shown(ask("max by (node) (count_over_time({}[10s]))", 10, 10, 1)))
        .containsExactly("{node=\"p1\"} [1.0]", "{node=\"p2\"} [2.0]");
    assertThat(
            shown(ask("avg(sum without (level, severity) (count_over_time({}[10s])))", 10, 10, 1)))
        .containsExactly("{} [2.0]");
    assertThat(ask("count_over_time({}[10s])", 10, 10, 1)).hasSize(3);
    assertThat(shown(ask("count(count_over_time({}[10s]))", 10, 10, 1)))
        .containsExactly("{} [3.0]");
  }

  @Test
  void givenManySeriesAndSteps_whenCounted_thenItIsRefusedBeforeItTakesTheMemory() {
    for (int i = 0; i < 1_000; i++) {
      add("n" + i, 1, 3);
    }
    assertThatThrownBy(() -> ask("count_over_time({}[10s])", 0, 11_000, 1))
        .isInstanceOf(Counts.TooMuch.class)
        .hasMessageContaining("series");
    assertThat(ask("sum(count_over_time({}[10s]))", 0, 11_000, 1)).hasSize(1);
  }
}
