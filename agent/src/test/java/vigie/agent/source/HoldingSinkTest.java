package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;

/** A spool behind a lost link: sources that can go on later wait, the others do not. */
class HoldingSinkTest {
  private final List<Event> taken = new CopyOnWriteArrayList<>();
  private volatile boolean filling = true;
  private volatile int asked;
  private final HoldingSink sink =
      new HoldingSink(
          new EventSink() {
            @Override
            public void accept(Event event) {
              taken.add(event);
            }

            @Override
            public boolean isFilling() {
              asked++;
              return filling;
            }
          });

  private static Event event(EventType type, @Nullable Place place) {
    return new Event(Instant.EPOCH, Severity.ERROR, type, Map.of(), "text", place);
  }

  @Test
  void givenFillingSpool_whenALineOfAFileComes_thenItWaitsUntilThereIsRoom() {
    Event match = event(EventType.LOG_MATCH, new Place("file:/a", "1:2:3"));
    CompletableFuture<Void> held = CompletableFuture.runAsync(() -> sink.accept(match));
    await().until(() -> asked > 0);
    assertThat(taken).isEmpty();
    filling = false;
    await().untilAsserted(() -> assertThat(taken).containsExactly(match));
    assertThat(held).succeedsWithin(Duration.ofSeconds(10));
  }

  @Test
  void givenFillingSpool_whenSomethingComesThatCannotWait_thenItIsTaken() {
    Event datagram = event(EventType.LOG_MATCH, null);
    Event boot = event(EventType.NODE_BOOT, new Place("boot", "id"));
    sink.accept(datagram);
    sink.accept(boot);
    assertThat(taken).containsExactly(datagram, boot);
  }

  @Test
  void givenSourceThatWaits_whenTheAgentStops_thenItGivesUp() {
    sink.close();
    Event match = event(EventType.LOG_MATCH, new Place("journal", "c"));
    assertThatThrownBy(() -> sink.accept(match)).isInstanceOf(UncheckedIOException.class);
    assertThat(taken).isEmpty();
  }
}
