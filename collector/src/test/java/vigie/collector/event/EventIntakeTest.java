package vigie.collector.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.time.ManualClock;

class EventIntakeTest {
  /** Becomes durable when the test says so. */
  private static final class SlowStore extends MemoryEventStore {
    private final List<Runnable> pending = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private boolean refuses;

    @Override
    public SpoolMarks recover(EventListener untold) {
      untold.onEvent(Events.agent("p1", "s1", 1, "agent.start"), false);
      SpoolMarks marks = new SpoolMarks();
      marks.known("p1", "s1", 1);
      return marks;
    }

    @Override
    public void append(List<EventSink.Arrival> arrivals, Runnable whenDurable) {
      if (refuses) {
        throw new IllegalStateException("closed");
      }
      arrivals.forEach(arrival -> events.add(arrival.event()));
      pending.add(whenDurable);
    }

    void sync(int count) {
      for (int i = 0; i < count; i++) {
        pending.remove(0).run();
      }
    }
  }

  private final SlowStore store = new SlowStore();
  private final ManualClock clock = new ManualClock(Events.T0);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final EventIntake intake = new EventIntake(store, clock, meters);
  private final List<String> told = new ArrayList<>();
  private final List<String> acked = new ArrayList<>();

  @BeforeEach
  void start() {
    intake.listen((event, late) -> told.add(event.text() + (late ? " late" : "")));
    intake.start();
  }

  @Test
  void givenUntoldEvents_whenStarted_thenTheyAreToldAndKnown() {
    assertThat(told).containsExactly("p1/s1/1");
    accept(1);
    assertThat(acked).containsExactly("1");
    assertThat(store.events).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, -1})
  void givenTheClockIsSetByADay_whenEventsComeOn_thenNoneIsLate(int days) {
    accept(2);
    clock.step(Duration.ofDays(days));
    clock.advance(Duration.ofSeconds(1));
    accept(3);
    store.sync(2);
    assertThat(told).endsWith("p1/s1/2", "p1/s1/3");
  }

  @Test
  void givenAnEvent_whenDurable_thenItIsAckedAndToldInOrderAndNotBefore() {
    told.clear();
    accept(2);
    accept(3);
    assertThat(acked).isEmpty();
    assertThat(told).isEmpty();
    store.sync(2);
    assertThat(acked).containsExactly("2", "3");
    assertThat(told).containsExactly("p1/s1/2", "p1/s1/3");
  }

  @Test
  void givenAnEvent_whenTaken_thenItIsStampedWithTheReceipt() {
    clock.advance(Duration.ofSeconds(7));
    accept(2);
    assertThat(store.events.get(0).received()).isEqualTo(Events.T0.plusSeconds(7));
  }

  @Test
  void givenADouble_whenTheFirstIsNotDurable_thenItIsAckedOnlyWithIt() {
    accept(2);
    accept(2);
    assertThat(acked).isEmpty();
    store.sync(1);
    assertThat(acked).containsExactly("2", "2");
    assertThat(store.events).hasSize(1);
    assertThat(told).containsExactly("p1/s1/1", "p1/s1/2");
  }

  @Test
  void givenADouble_whenTheFirstIsDurable_thenItIsAckedAtOnce() {
    accept(2);
    store.sync(1);
    accept(2);
    assertThat(acked).containsExactly("2", "2");
    assertThat(meters.counter("vigie.events.duplicate").count()).isEqualTo(1);
  }

  @Test
  void givenTheStoreRefuses_whenTheEventComesAgain_thenItIsStillNew() {
    store.refuses = true;
    assertThatThrownBy(() -> accept(2)).hasMessage("closed");
    store.refuses = false;
    accept(2);
    accept(2);
    store.sync(1);
    assertThat(acked).containsExactly("2", "2");
    assertThat(store.events).hasSize(1);
  }

  @Test
  void givenForeignEvents_whenTheyAreEqual_thenBothAreTaken() {
    intake.accept(Events.foreign("p1", "syslog", "x"), new byte[0], () -> {});
    intake.accept(Events.foreign("p1", "syslog", "x"), new byte[0], () -> {});
    assertThat(store.events).hasSize(2);
  }

  @Test
  void givenRowsOfForeignRecords_whenDurable_thenEachIsToldInTheOrderTaken() {
    told.clear();
    List<EventSink.Arrival> arrivals = new ArrayList<>();
    for (String text : List.of("p1 a", "p1 b", "p2 c", "p2 d", "p2 e", "p1 f")) {
      Event event = Events.foreign(text.substring(0, 2), "syslog", text);
      arrivals.add(new EventSink.Arrival(event, new byte[0]));
    }
    arrivals.add(2, new EventSink.Arrival(Events.agent("p1", "s1", 2, "syslog"), new byte[0]));
    intake.accept(arrivals, () -> {});
    store.sync(1);
    assertThat(told).containsExactly("p1 a", "p1 b", "p1/s1/2", "p2 c", "p2 d", "p2 e", "p1 f");
  }

  @Test
  void givenAHole_whenItIsPassed_thenItIsCounted() {
    accept(5);
    assertThat(meters.counter("vigie.events.missing").count()).isEqualTo(3);
  }

  @Test
  void givenAListenerThatThrows_whenTold_thenTheOthersAreToldAndItIsCounted() {
    EventIntake other = new EventIntake(store, clock, meters);
    other.listen(
        (event, late) -> {
          throw new IllegalStateException("broken on purpose");
        });
    other.listen((event, late) -> told.add("second"));
    other.start();
    assertThat(told).endsWith("second");
    assertThat(meters.counter("vigie.event.listener.failures").count()).isEqualTo(1);
  }

  @Test
  void givenAReceiverThatIsGone_whenDurable_thenTheRestIsAckedAndTold() {
    intake.accept(
        Events.agent("p1", "s1", 2, "probe.up"),
        new byte[0],
        () -> {
          throw new IllegalStateException("event executor terminated");
        });
    accept(3);
    accept(2);
    store.sync(2);
    assertThat(acked).containsExactly("3", "2");
    assertThat(told).endsWith("p1/s1/2", "p1/s1/3");
  }

  @Test
  void givenAnOldEvent_whenTaken_thenItIsToldAsLate() {
    clock.advance(Duration.ofMinutes(10));
    accept(2);
    store.sync(1);
    assertThat(told).endsWith("p1/s1/2 late");
  }

  private void accept(long seq) {
    intake.accept(
        Events.agent("p1", "s1", seq, "probe.up"),
        new byte[0],
        () -> acked.add(Long.toString(seq)));
  }

  @Test
  void givenABatch_whenSomeAreDoubles_thenTheFreshAreTakenAndOneAckCoversAll() {
    told.clear();
    List<EventSink.Arrival> batch = new ArrayList<>();
    for (int seq : new int[] {1, 2, 3, 3, 2, 4}) {
      batch.add(
          new EventSink.Arrival(Events.agent("p1", "s1", seq, "agent.start"), new byte[] {1}));
    }

    intake.accept(batch, () -> acked.add("all"));
    assertThat(store.events)
        .extracting(Event::text)
        .containsExactly("p1/s1/2", "p1/s1/3", "p1/s1/4");
    assertThat(acked).isEmpty();
    store.sync(store.pending.size());

    assertThat(acked).containsExactly("all");
    assertThat(told).containsExactly("p1/s1/2", "p1/s1/3", "p1/s1/4");
    assertThat(meters.counter("vigie.events.duplicate").count()).isEqualTo(3);
  }
}
