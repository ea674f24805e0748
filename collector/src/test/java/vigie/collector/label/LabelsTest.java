package vigie.collector.label;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class LabelsTest {
  private final Labels labels =
      Labels.of("job", "node", Labels.NAME, "up", "empty", "", "__type__", "gauge");

  @Test
  void givenPairsInAnyOrder_whenMade_thenSortedWithoutEmptyOnes() {
    assertThat(labels.toString()).isEqualTo("{__name__=\"up\", __type__=\"gauge\", job=\"node\"}");
    assertThat(labels.size()).isEqualTo(3);
    assertThat(labels.get("empty")).isEmpty();
    assertThat(labels.metricName()).isEqualTo("up");
  }

  @Test
  void givenLabels_whenFiltered_thenOnlyTheRightOnesStay() {
    assertThat(labels.without("job", "absent"))
        .isEqualTo(Labels.of(Labels.NAME, "up", "__type__", "gauge"));
    assertThat(labels.only(List.of("job", "absent"))).isEqualTo(Labels.of("job", "node"));
    assertThat(labels.only(List.of("absent"))).isSameAs(Labels.EMPTY);
    assertThat(labels.without("absent")).isSameAs(labels);
    assertThat(labels.withoutMetric()).isEqualTo(Labels.of("job", "node"));
    assertThat(labels.withoutMetric()).isSameAs(labels.withoutMetric());
  }

  @Test
  void givenLabels_whenOneIsSet_thenEmptyRemovesIt() {
    assertThat(labels.with("job", "x").get("job")).isEqualTo("x");
    assertThat(labels.with("job", "").has("job")).isFalse();
  }

  @Test
  void givenLabels_whenCompared_thenNameByNameThenValueByValue() {
    assertThat(Labels.of("a", "1")).isLessThan(Labels.of("a", "2"));
    assertThat(Labels.of("a", "2")).isLessThan(Labels.of("a", "2", "b", "1"));
    assertThat(Labels.of("a", "9")).isLessThan(Labels.of("b", "1"));
    assertThat(Labels.of("a", "1"))
        .isEqualTo(Labels.of("a", "1"))
        .hasSameHashCodeAs(Labels.of("a", "1"));
  }

  @Test
  void givenBadPairs_whenMade_thenRefused() {
    assertThatThrownBy(() -> Labels.of("a")).hasMessageContaining("without a value");
    assertThatThrownBy(() -> Labels.of("a", "1", "a", "2")).hasMessageContaining("there twice");
  }

  @Test
  void givenAwkwardValues_whenPrinted_thenEscaped() {
    assertThat(Labels.of("a", "x\"y\\z\n").toString()).isEqualTo("{a=\"x\\\"y\\\\z\\n\"}");
  }
}
