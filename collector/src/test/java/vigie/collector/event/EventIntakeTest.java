package vigie.collector.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.time.ManualClock;

class EventIntakeTest {
  /** Becomes durable when the test says so. */
  private static final Runnable OPEN = () -> {};

  private static final List<Runnable> CLOSED =
      List.of(
          () -> {
            throw new IllegalStateException("closed");
          },
          () -> {
            throw new OutOfMemoryError("closed");
          });

  private static final class SlowStore extends MemoryEventStore {
    private final List<Runnable> pending = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private Runnable gate = OPEN;

    @Override
    public SpoolMarks recover(EventListener untold) {
      untold.onEvent(Events.agent("p1", "s1", 1, "agent.start"), false);
      SpoolMarks marks = new SpoolMarks();
      marks.known("p1", "s1", 1);
      return marks;
    }

    @Override
    public void append(List<EventSink.Arrival> arrivals, Runnable whenDurable) {
      gate.run();
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
  void givenAnEventReceivedSinceTheLastOne_whenTaken_thenItStaysAsItIs() {
    accept(2);
    clock.advance(Duration.ofSeconds(7));
    Event event = received("x", clock.now());
    clock.advance(Duration.ofSeconds(1));

    take(event);

    assertThat(store.events.get(1)).isSameAs(event);
  }

  @Test
  void givenBatchesOfTwoSources_whenTheLaterOneIsTakenFirst_thenReceiptsAreInTheOrderTaken() {
    Event early = received("early", Events.T0.plusSeconds(1));
    Event late = received("late", Events.T0.plusSeconds(2));
    clock.advance(Duration.ofSeconds(3));

    take(late, late);
    take(early, early);
    take(late, received("new", Events.T0.plusSeconds(3)));

    assertThat(receipts()).containsExactly(2L, 2L, 3L, 3L, 3L, 3L);
    assertThat(store.events)
        .extracting(Event::text)
        .containsExactly("late", "late", "early", "early", "late", "new");
  }

  @Test
  void givenATimeBeforeThisLife_whenTaken_thenTheReceiptIsNow() {
    clock.advance(Duration.ofSeconds(7));
    take(received("x", Events.T0.minusSeconds(1)));
    assertThat(receipts()).containsExactly(7L);
  }

  @Test
  void givenATimeInTheFuture_whenTaken_thenTheReceiptIsNow() {
    clock.advance(Duration.ofSeconds(7));
    take(received("x", Events.T0.plusSeconds(8)), received("y", Events.T0.plusSeconds(6)));
    assertThat(receipts()).containsExactly(7L, 7L);
  }

  @Test
  void givenATimeFinerThanIsStored_whenTaken_thenTheReceiptIsNowInMicroseconds() {
    clock.advance(Duration.ofNanos(5_999));
    take(received("x", Events.T0.plusNanos(2_001)));
    assertThat(store.events.get(0).received()).isEqualTo(Events.T0.plusNanos(5_000));
  }

  @ParameterizedTest
  @ValueSource(longs = {3600_000, 500}) // noticed as a step, and not
  void givenTheClockIsSetBack_whenEventsComeOn_thenReceiptsGoOnFromThere(long millis) {
    clock.advance(Duration.ofSeconds(10));
    Event before = received("before", clock.now());
    take(before);
    clock.step(Duration.ofMillis(-millis));
    Instant set = clock.now();

    take(received("made after it", set), before);
    clock.advance(Duration.ofSeconds(1));
    Event next = received("next", clock.now());
    take(next);

    assertThat(store.events)
        .extracting(Event::received)
        .containsExactly(before.received(), set, set, set.plusSeconds(1));
    assertThat(store.events.get(3)).isSameAs(next);
  }

  /** The marks are of the new time by then: by the old one the node's clock would seem right. */
  @Test
  void givenTheClockIsSetForwardWhileAnEventWaits_whenEventsComeOn_thenNoneIsLate() {
    accept(2);
    clock.advance(Duration.ofSeconds(1));
    Event waits = Events.at(Events.agent("p1", "s1", 3, "probe.up"), Events.T0, clock.now());
    clock.step(Duration.ofDays(1));
    Instant set = clock.now();

    take(waits);
    accept(4);
    store.sync(3);

    assertThat(store.events.get(1).received()).isEqualTo(set);
    assertThat(told).endsWith("p1/s1/2", "p1/s1/3", "p1/s1/4");
  }

  private static Event received(String text, Instant at) {
    return Events.foreign("p1", "syslog", text).receivedAt(at);
  }

  private void take(Event... events) {
    List<EventSink.Arrival> arrivals = new ArrayList<>();
    for (Event event : events) {
      arrivals.add(new EventSink.Arrival(event, new byte[0]));
    }
    intake.accept(arrivals, () -> {});
  }

  /** In seconds since the start. */
  private List<Long> receipts() {
    List<Long> receipts = new ArrayList<>();
    store.events.forEach(
        event -> receipts.add(Duration.between(Events.T0, event.received()).toSeconds()));
    return receipts;
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
    for (Runnable closed : CLOSED) {
      store.gate = closed;
      assertThatThrownBy(() -> accept(2)).hasMessage("closed");
    }
    store.gate = OPEN;
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
  void givenForeignRecordsAsColumns_whenDurable_thenEachIsToldAndTheyAreLetGoOfAfterThat() {
    told.clear();
    SyslogRecords records =
        Events.records(Events.T0, List.of("p1 a", "p1 b", "p2 c", "p2 d", "p2 e", "p1 f"));
    intake.accept(
        records,
        () -> acked.add("durable, " + told.size() + " told"),
        () -> acked.add(told.size() + " told"));
    assertThat(told).isEmpty();
    store.sync(1);
    assertThat(told).containsExactly("p1 a", "p1 b", "p2 c", "p2 d", "p2 e", "p1 f");
    assertThat(acked).containsExactly("durable, 0 told", "6 told");
    assertThat(meters.counter("vigie.events.taken").count()).isEqualTo(6);
  }

  @Test
  void givenForeignRecordsAsColumns_whenAListenerHasNoMemoryLeft_thenTheyAreLetGoOfAllTheSame() {
    intake.listen(
        (event, late) -> {
          throw new OutOfMemoryError("on purpose");
        });
    intake.accept(
        Events.records(Events.T0, List.of("p1 a")),
        () -> acked.add("durable"),
        () -> acked.add("done"));
    assertThatThrownBy(() -> store.sync(1)).isInstanceOf(OutOfMemoryError.class);
    assertThat(acked).containsExactly("durable", "done");
  }

  @Test
  void givenForeignRecordsAsColumns_whenReceivedAtNoTimeThatFits_thenTheReceiptIsNow() {
    clock.advance(Duration.ofSeconds(7));
    for (long second : List.of(6L, 8L, 3L)) {
      intake.accept(
          Events.records(Events.T0.plusSeconds(second), List.of("p1 a", "p1 b")),
          () -> {},
          () -> {});
    }
    assertThat(receipts()).containsExactly(6L, 6L, 7L, 7L, 7L, 7L);
  }

  @Test
  void givenForeignRecordsAsColumns_whenOld_thenTheyAreToldAsLate() {
    clock.advance(Duration.ofMinutes(10));
    intake.accept(Events.records(clock.now(), List.of("p1 a", "p1 b")), () -> {}, () -> {});
    store.sync(1);
    assertThat(told).endsWith("p1 a late", "p1 b late");
  }

  @Test
  void givenForeignRecordsAsColumns_whenTheStoreIsClosed_thenNothingWaitsForThem() {
    accept(2);
    SyslogRecords records = Events.records(Events.T0, List.of("p1 a"));
    Runnable never = () -> acked.add("never");
    for (Runnable closed : CLOSED) {
      store.gate = closed;
      assertThatThrownBy(() -> intake.accept(records, never, never)).hasMessage("closed");
    }
    store.gate = OPEN;
    accept(2);
    store.sync(1);
    assertThat(acked).containsExactly("2", "2");
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
    Event event = Events.agent("p1", "s1", seq, "probe.up");
    intake.accept(
        Events.at(event, event.time(), clock.now()),
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
