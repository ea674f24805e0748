package vigie.collector.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpStream;
import vigie.base.time.ManualClock;
import vigie.collector.web.NewsFeed.Topic;

class NewsFeedTest {
  private final ManualClock clock = new ManualClock(Instant.parse("2026-11-22T06:00:00Z"));
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final NewsFeed news = new NewsFeed(clock, clock, Runnable::run, meters);

  /** A page that may be slow. */
  private static final class Page implements HttpStream {
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

    private String taken() {
      String text = got.toString();
      got.setLength(0);
      return text;
    }
  }

  private Page open() {
    Page page = new Page();
    Objects.requireNonNull(news.stream("1.2").stream()).accept(page);
    return page;
  }

  @Test
  void givenAPage_whenItOpens_thenItHearsTheVersionAndLaterThatItIsAlive() {
    Page page = open();
    assertThat(page.taken())
        .isEqualTo("retry: 2000\nevent: hello\ndata: {\"version\":\"1.2\"}\n\n");
    clock.advance(Duration.ofSeconds(14));
    assertThat(page.taken()).isEmpty();
    clock.advance(Duration.ofSeconds(2));
    assertThat(page.taken()).isEqualTo(": still there\n\n");
  }

  @Test
  void givenAStormOfChanges_whenAQuarterOfASecondIsOver_thenOneMessageOfEach() {
    Page page = open();
    page.taken();
    for (int i = 0; i < 1000; i++) {
      news.changed(Topic.ALERTS);
    }
    news.changed(Topic.OUTBOX);
    clock.advance(Duration.ofMillis(250));
    assertThat(page.taken())
        .isEqualTo(
            "event: alerts\ndata: {\"revision\":1000}\n\n"
                + "event: outbox\ndata: {\"revision\":1}\n\n");
    clock.advance(Duration.ofSeconds(1));
    assertThat(page.taken()).isEmpty();
  }

  @Test
  void givenAStateThatIsLookedAt_whenItChanges_thenPagesHear() {
    AtomicReference<List<String>> state = new AtomicReference<>(List.of("p1 up"));
    news.watch(Topic.NODES, state::get);
    Page page = open();
    clock.advance(Duration.ofSeconds(2));
    page.taken();
    state.set(List.of("p1 silent"));
    clock.advance(Duration.ofSeconds(2));
    assertThat(page.taken()).isEqualTo("event: nodes\ndata: {\"revision\":1}\n\n");
  }

  @Test
  void givenASlowPage_whenItTakesNothingForLong_thenItIsCutOff() {
    Page page = open();
    Page other = open();
    page.taken();
    page.slow = true;
    for (int i = 0; i < 20; i++) {
      news.changed(Topic.ALERTS);
      clock.advance(Duration.ofSeconds(1));
    }
    assertThat(page.open).isTrue();
    page.slow = false;
    clock.advance(Duration.ofSeconds(1));
    assertThat(page.taken()).isEqualTo("event: alerts\ndata: {\"revision\":20}\n\n");
    page.slow = true;
    news.changed(Topic.ALERTS);
    clock.advance(Duration.ofSeconds(31));
    assertThat(page.open).isFalse();
    assertThat(other.open).isTrue();
    assertThat(meters.counter("vigie.web.stream.cut").count()).isEqualTo(1);
  }

  @Test
  void givenAsManyPagesAsMayBe_whenOneMoreComes_thenItIsToldWhy() {
    Page first = open();
    for (int i = 1; i < NewsFeed.MOST_STREAMS; i++) {
      open();
    }
    assertThatThrownBy(() -> news.stream("1.2"))
        .isInstanceOfSatisfying(HttpFault.class, e -> assertThat(e.status()).isEqualTo(503))
        .hasMessageContaining("64 pages");
    first.open = false;
    clock.advance(Duration.ofSeconds(1));
    assertThat(open().open).isTrue();
  }
}
