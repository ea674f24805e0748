package vigie.collector.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import vigie.base.time.ManualClock;
import vigie.collector.label.Labels;

/** Transitions and acknowledgements together, as they are wired. */
class TransitionsTest {
  private final ManualClock clock = new ManualClock();
  private final MemoryHistory history = new MemoryHistory();
  private final Map<String, Acknowledgement> kept = new HashMap<>();
  private final List<Alert> passedOn = new ArrayList<>();
  private final List<Set<String>> heard = new ArrayList<>();
  private Acknowledgements acknowledgements = acknowledgements();
  private Transitions transitions = transitions();

  private Transitions transitions() {
    return new Transitions(history, passedOn::addAll);
  }

  private Acknowledgements acknowledgements() {
    AcknowledgementStore store =
        new AcknowledgementStore() {
          @Override
          public List<Acknowledgement> load() {
            return List.copyOf(kept.values());
          }

          @Override
          public void save(Collection<Acknowledgement> all) {
            all.forEach(each -> kept.put(each.fingerprint(), each));
          }

          @Override
          public void remove(Collection<String> fingerprints) {
            kept.keySet().removeAll(fingerprints);
          }
        };
    var opened = new Acknowledgements(store, history, clock, new SimpleMeterRegistry());
    opened.listen(heard::add);
    return opened;
  }

  private Alert alert(AlertState state, Instant active, Instant fired, String summary) {
    Instant now = clock.now();
    return new Alert(
        Labels.of("alertname", "Down", "node", "p1"),
        Labels.of("summary", summary),
        state,
        active,
        fired,
        state == AlertState.RESOLVED ? now : null,
        now,
        1,
        "g/Down",
        List.of());
  }

  private List<HistoryKind> kinds() {
    return history.all().stream().map(HistoryEntry::kind).toList();
  }

  private void acknowledge(String fingerprint, String by) {
    acknowledgements.acknowledge(
        List.of(new Acknowledgement(fingerprint, by, "looking", clock.now())), each -> true);
  }

  @Test
  void givenAlertThatFiresAndResolves_whenTold_thenEachTransitionIsThereOnce() {
    Instant active = clock.now();
    clock.advance(Duration.ofMinutes(1));
    Alert firing = alert(AlertState.FIRING, active, clock.now(), "down");
    transitions.accept(List.of(firing));
    transitions.accept(List.of(alert(AlertState.FIRING, active, firing.firedAt(), "other text")));
    clock.advance(Duration.ofMinutes(1));
    Alert resolved = alert(AlertState.RESOLVED, active, firing.firedAt(), "down");
    transitions.accept(List.of(resolved));
    transitions.accept(List.of(resolved));

    assertThat(kinds())
        .containsExactly(HistoryKind.PENDING, HistoryKind.FIRING, HistoryKind.RESOLVED);
    assertThat(history.all().get(0).at()).isEqualTo(active);
    assertThat(history.all().get(1).text()).isEqualTo("down");
    assertThat(history.all().get(2).labels().get("node")).isEqualTo("p1");
    assertThat(passedOn).hasSize(4);
  }

  @Test
  void givenRestart_whenAllIsToldAgain_thenOnlyWhatIsNewIsWritten() {
    Alert firing = alert(AlertState.FIRING, clock.now(), clock.now(), "down");
    transitions.accept(List.of(firing));

    transitions = transitions();
    transitions.accept(List.of(firing));
    assertThat(kinds()).containsExactly(HistoryKind.FIRING);

    clock.advance(Duration.ofMinutes(1));
    Alert again = alert(AlertState.FIRING, clock.now(), clock.now(), "down");
    transitions.accept(List.of(again)); // it ended unseen, and fires anew
    assertThat(kinds()).containsExactly(HistoryKind.FIRING, HistoryKind.FIRING);
  }

  @Test
  void givenAcknowledgedAlert_whenItIsOver_thenTheAcknowledgementEndsAfterThoseWereTold() {
    Alert firing = alert(AlertState.FIRING, clock.now(), clock.now(), "down");
    transitions.accept(List.of(firing));
    acknowledge(firing.fingerprint(), "anna");
    assertThat(acknowledgements.of(firing.fingerprint()).orElseThrow().by()).isEqualTo("anna");

    transitions.accept(
        List.of(alert(AlertState.RESOLVED, firing.activeAt(), firing.firedAt(), "down")));
    assertThat(acknowledgements.list()).as("until the dispatcher says that it is over").hasSize(1);
    acknowledgements.ended(Set.of(firing.fingerprint(), "00000000000000ff"));

    assertThat(acknowledgements.list()).isEmpty();
    assertThat(kept).isEmpty();
    assertThat(heard).hasSize(2).allMatch(each -> each.equals(Set.of(firing.fingerprint())));
    assertThat(kinds())
        .containsExactly(HistoryKind.FIRING, HistoryKind.ACKNOWLEDGED, HistoryKind.RESOLVED);
  }

  @Test
  void givenRestart_whenAnAlertNoLongerFires_thenItsAcknowledgementIsForgotten() {
    Alert firing = alert(AlertState.FIRING, clock.now(), clock.now(), "down");
    acknowledge(firing.fingerprint(), "anna");
    acknowledge("00000000000000ff", "anna");

    acknowledgements = acknowledgements();
    acknowledgements.keepOnly(Set.of(firing.fingerprint()));

    assertThat(acknowledgements.list())
        .extracting(Acknowledgement::fingerprint)
        .containsExactly(firing.fingerprint());
  }

  @Test
  void givenAlertThatResolvesWhileItIsAcknowledged_whenWritten_thenTheNextOneHasNone() {
    var made = new Acknowledgement("00000000000000ff", "anna", "mine", clock.now());

    assertThat(acknowledgements.acknowledge(List.of(made), each -> false)).isEmpty();

    assertThat(acknowledgements.list()).isEmpty();
    assertThat(kept).isEmpty();
    assertThat(history.all()).isEmpty();
  }

  @Test
  void givenAcknowledgement_whenTakenBack_thenItIsGoneAndTheHistoryKnowsWho() {
    acknowledge("00000000000000ff", "anna");

    assertThat(acknowledgements.withdraw("00000000000000ff", "bob")).isTrue();
    assertThat(acknowledgements.withdraw("00000000000000ff", "bob")).isFalse();

    assertThat(history.of("00000000000000ff", 10))
        .extracting(HistoryEntry::who)
        .containsExactly("anna", "bob");
    assertThatThrownBy(() -> acknowledge("00000000000000ff", " "))
        .hasMessageContaining("needs a name");
  }
}
