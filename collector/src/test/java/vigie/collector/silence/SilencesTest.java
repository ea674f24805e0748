package vigie.collector.silence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.base.time.ManualClock;
import vigie.collector.alert.HistoryKind;
import vigie.collector.alert.MemoryHistory;
import vigie.collector.event.Event;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

class SilencesTest {
  private static final Labels ON_P1 = Labels.of("alertname", "Down", "node", "p1");
  private static final Labels ON_P2 = Labels.of("alertname", "Down", "node", "p2");

  private final ManualClock clock = new ManualClock();
  private final MemorySilenceStore store = new MemorySilenceStore();
  private final MemoryHistory history = new MemoryHistory();
  private Silences silences = open(SilenceLimits.DEFAULTS);
  private int told;

  private Silences open(SilenceLimits limits) {
    Silences opened =
        new Silences(
            store, limits, history, clock, clock, Runnable::run, new SimpleMeterRegistry());
    opened.listen(() -> told++);
    return opened;
  }

  private Silence wanted(String node, Duration length) {
    Instant now = clock.now();
    return Silence.wanted(
        List.of(LabelMatcher.equal("node", node)), now, now.plus(length), "anna", "clusterhat off");
  }

  private SilenceState state(String id) {
    return silences.find(id).orElseThrow().stateAt(clock.now());
  }

  private Event event(String node, String type) {
    Instant now = clock.now();
    return new Event(now, now, node, 3, 5, "vigie", type, Map.of(), "", null);
  }

  @Test
  void givenSilence_whenSet_thenItHoldsWhatMatchesUntilItsEnd() {
    Silence made = silences.set(wanted("p1", Duration.ofHours(2)));

    assertThat(silences.silencing(ON_P1)).containsExactly(made.id());
    assertThat(silences.silencing(ON_P2)).isEmpty();
    clock.advance(Duration.ofHours(2).minusMillis(1));
    assertThat(silences.silencing(ON_P1)).isNotEmpty();
    clock.advance(Duration.ofMillis(1));
    assertThat(silences.silencing(ON_P1)).isEmpty();
    assertThat(state(made.id())).isEqualTo(SilenceState.EXPIRED);
    assertThat(told).as("told of its begin and its end").isGreaterThanOrEqualTo(2);
  }

  @Test
  void givenSilenceWhoseEndIsPast_whenSomebodyAsksBeforeTheTimerRuns_thenTheListenerHears() {
    silences.set(wanted("p1", Duration.ofHours(2)));
    int before = told;
    clock.step(Duration.ofHours(3));

    assertThat(silences.silencing(ON_P1)).isEmpty();

    assertThat(told).isEqualTo(before + 1);
  }

  @Test
  void givenManyKindsOfMatchers_whenAsked_thenAllThatMatchAreNamed() {
    Instant now = clock.now();
    Instant end = now.plusSeconds(60);
    LabelMatcher any = new LabelMatcher(LabelMatcher.Op.REGEX, "node", "p.*");
    LabelMatcher not = new LabelMatcher(LabelMatcher.Op.NOT_EQUAL, "node", "p1");
    LabelMatcher down = LabelMatcher.equal("alertname", "Down");
    String regex = silences.set(Silence.wanted(List.of(any), now, end, "a", "")).id();
    String negative = silences.set(Silence.wanted(List.of(down, not), now, end, "a", "")).id();
    String exact = silences.set(wanted("p1", Duration.ofMinutes(1))).id();

    assertThat(silences.silencing(ON_P1)).containsExactlyInAnyOrder(regex, exact).isSorted();
    assertThat(silences.silencing(ON_P2)).containsExactlyInAnyOrder(regex, negative).isSorted();
    assertThat(silences.silencing(Labels.of("alertname", "Other"))).isEmpty();
  }

  @Test
  void givenSilenceToCome_whenItsTimeComes_thenItBeginsAndTheListenerHears() {
    Instant start = clock.now().plusSeconds(600);
    List<LabelMatcher> node = List.of(LabelMatcher.equal("node", "p1"));
    Silence made = silences.set(Silence.wanted(node, start, start.plusSeconds(60), "a", ""));
    assertThat(state(made.id())).isEqualTo(SilenceState.PENDING);
    assertThat(silences.silencing(ON_P1)).isEmpty();
    int before = told;

    clock.advance(Duration.ofMinutes(10));

    assertThat(silences.silencing(ON_P1)).containsExactly(made.id());
    assertThat(told).isGreaterThan(before);
  }

  @Test
  void givenNodeThatWasAway_whenItIsBack_thenTheSilenceEndsAMinuteLaterAndSaysSo() {
    Silence made = silences.set(wanted("p1", Duration.ofHours(2)).untilBack("p1"));
    Silence other = silences.set(wanted("p1", Duration.ofHours(2)));
    clock.advance(Duration.ofMinutes(20));
    silences.onEvent(event("p2", "node.back"), false);
    silences.onEvent(event("p1", "probe.up"), false);
    silences.onEvent(event("p1", "node.boot"), true);
    assertThat(silences.find(made.id()).orElseThrow().ended()).isEmpty();

    silences.onEvent(event("p1", "node.back"), false);

    assertThat(silences.silencing(ON_P1)).hasSize(2);
    clock.advance(Silences.SETTLING);
    assertThat(silences.silencing(ON_P1)).containsExactly(other.id());
    assertThat(silences.find(made.id()).orElseThrow().ended()).isEqualTo("p1 is back");
    assertThat(history.all())
        .anyMatch(
            entry ->
                entry.kind() == HistoryKind.SILENCE
                    && entry.ref().equals(made.id())
                    && entry.text().contains("p1 is back"));
  }

  @Test
  void givenRestart_whenOpened_thenSilencesAreAsBefore() {
    Silence made = silences.set(wanted("p1", Duration.ofHours(2)));
    silences = open(SilenceLimits.DEFAULTS);
    assertThat(silences.silencing(ON_P1)).containsExactly(made.id());
  }

  @Test
  void givenSameMatchersAndStart_whenSetUnderItsId_thenItIsChanged() {
    Silence made = silences.set(wanted("p1", Duration.ofHours(2)));
    clock.advance(Duration.ofMinutes(1));
    Instant later = made.endsAt().plusSeconds(60);
    Silence wanted =
        Silence.wanted(made.matchers(), made.startsAt(), later, "bob", "longer").withId(made.id());

    assertThat(silences.set(wanted).id()).isEqualTo(made.id());

    assertThat(silences.find(made.id()).orElseThrow().endsAt()).isEqualTo(later);
    assertThat(silences.list()).hasSize(1);
  }

  @Test
  void givenOtherMatchers_whenSetUnderItsId_thenANewOneTakesItsPlace() {
    Silence made = silences.set(wanted("p1", Duration.ofHours(2)));
    clock.advance(Duration.ofMinutes(1));

    Silence next = silences.set(wanted("p2", Duration.ofHours(2)).withId(made.id()));

    assertThat(next.id()).isNotEqualTo(made.id());
    assertThat(state(made.id())).isEqualTo(SilenceState.EXPIRED);
    assertThat(silences.silencing(ON_P2)).containsExactly(next.id());
  }

  @Test
  void givenSilence_whenExpiredTwice_thenTheSecondIsRefused() {
    Silence made = silences.set(wanted("p1", Duration.ofHours(2)));
    silences.expire(made.id(), "expired by bob");

    assertThat(silences.silencing(ON_P1)).isEmpty();
    assertThat(silences.find(made.id()).orElseThrow().ended()).isEqualTo("expired by bob");
    assertThatThrownBy(() -> silences.expire(made.id(), "again"))
        .isInstanceOfSatisfying(
            SilenceException.class,
            e -> assertThat(e.kind()).isEqualTo(SilenceException.Kind.OVER));
  }

  @Test
  void givenWhatCannotBe_whenSet_thenItIsRefusedInWords() {
    Instant now = clock.now();
    List<LabelMatcher> node = List.of(LabelMatcher.equal("node", "p1"));
    refused(Silence.wanted(List.of(), now, now.plusSeconds(1), "a", ""), "at least one matcher");
    LabelMatcher empty = new LabelMatcher(LabelMatcher.Op.REGEX, "node", ".*");
    refused(Silence.wanted(List.of(empty), now, now.plusSeconds(1), "a", ""), "empty string");
    refused(Silence.wanted(node, now, now, "a", ""), "start time must be before end time");
    Instant before = now.minusSeconds(60);
    refused(Silence.wanted(node, before, now.minusSeconds(1), "a", ""), "in the past");
    refused(wanted("p1", Duration.ofHours(1)).withId("nothing"), "no silence has the id nothing");
  }

  @Test
  void givenLimits_whenMoreIsSet_thenItIsRefusedAndSaysWhatToDo() {
    silences = open(new SilenceLimits(1, 1, 100, Duration.ofDays(5)));
    silences.set(wanted("p1", Duration.ofHours(2)));

    refused(wanted("p2", Duration.ofHours(2)), "silences.most allows; expire some");
    refused(wanted("p".repeat(100), Duration.ofHours(2)), "silences.bytes 100");
    Instant now = clock.now();
    LabelMatcher one = LabelMatcher.equal("node", "p1");
    refused(Silence.wanted(List.of(one, one), now, now.plusSeconds(1), "a", ""), "matchers 1");
  }

  private void refused(Silence wanted, String why) {
    assertThatThrownBy(() -> silences.set(wanted))
        .isInstanceOf(SilenceException.class)
        .hasMessageContaining(why);
  }

  @Test
  void givenSilenceThatIsOver_whenFiveDaysArePast_thenItIsForgotten() {
    silences.set(wanted("p1", Duration.ofHours(2)));
    clock.advance(Duration.ofDays(4));
    assertThat(silences.list()).hasSize(1);
    clock.advance(Duration.ofDays(2));
    assertThat(silences.list()).isEmpty();
    assertThat(store.load()).isEmpty();
  }
}
