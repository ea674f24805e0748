package vigie.collector.api.vigie;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpStream;
import vigie.base.time.ManualClock;
import vigie.collector.event.EventQuery;
import vigie.collector.event.Events;
import vigie.collector.event.MemoryEventStore;

class EventFeedTest {
  private final ManualClock clock = new ManualClock(Events.T0);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final MemoryEventStore store = new MemoryEventStore();
  private final EventFeed feed = new EventFeed(store, clock, clock, Runnable::run, meters);
  private final List<Peer> peers = new ArrayList<>();

  /** A client that may be slow. */
  private static final class Peer implements HttpStream {
    private final StringBuilder got = new StringBuilder();
    private boolean slow;
    private boolean open = true;

    @Override
    public boolean send(byte[] more) {
      if (!slow) {
        got.append(new String(more, StandardCharsets.UTF_8));
      }
      return !slow;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
    }
  }

  private Peer follow(EventQuery query) {
    Peer peer = new Peer();
    Objects.requireNonNull(feed.stream(query).stream()).accept(peer);
    peers.add(peer);
    return peer;
  }

  private void come(int count) {
    for (int i = 0; i < count; i++) {
      var event = Events.foreign("p1", "syslog", "x");
      store.append(event, new byte[0], () -> feed.onEvent(event, false));
    }
    clock.advance(Duration.ofSeconds(1));
  }

  @Test
  void givenASlowClient_whenItTakesAgain_thenItGetsAllAndOneThatNeverDoesIsCutOff() {
    Peer slow = follow(EventQuery.newest(1));
    Peer never = follow(EventQuery.newest(1));
    slow.slow = true;
    never.slow = true;
    come(3);
    clock.advance(Duration.ofSeconds(20));
    slow.slow = false;
    clock.advance(Duration.ofSeconds(1));
    assertThat(slow.got.toString()).contains("id: 1\n", "id: 2\n", "id: 3\n");
    clock.advance(Duration.ofSeconds(30));
    assertThat(slow.open).isTrue();
    assertThat(never.open).isFalse();
    assertThat(meters.counter("vigie.event.stream.cut").count()).isEqualTo(1);
    assertThat(meters.get("vigie.event.streams").gauge().value()).isEqualTo(1);
  }

  @Test
  void givenABurst_whenItIsTooMuch_thenTheNewestAreToldAndThatSomeWereSkipped() {
    Peer peer = follow(EventQuery.newest(1));
    come(2_000);
    assertThat(peer.got.toString())
        .contains("event: skipped\ndata: {\"before\":\"1501\"}", "id: 1501\n", "id: 2000\n")
        .doesNotContain("id: 1500\n");
    assertThat(meters.counter("vigie.event.stream.skipped").count()).isEqualTo(1);
  }

  @Test
  void givenNothingComes_whenTimePasses_thenTheStreamShowsThatItIsThere() {
    Peer peer = follow(EventQuery.newest(1));
    clock.advance(Duration.ofSeconds(50));
    assertThat(peer.got.toString().split(": still there", -1)).hasSizeBetween(4, 5);
  }

  @Test
  void givenManyStreams_whenOneMoreIsAskedFor_thenItIsRefusedUntilOneGoes() {
    for (int i = 0; i < 32; i++) {
      follow(EventQuery.newest(1));
    }
    assertThatThrownBy(() -> follow(EventQuery.newest(1)))
        .isInstanceOf(HttpFault.class)
        .hasMessageContaining("32 streams");
    peers.get(0).open = false;
    clock.advance(Duration.ofSeconds(1));
    follow(EventQuery.newest(1));
  }
}
