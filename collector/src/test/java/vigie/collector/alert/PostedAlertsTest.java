package vigie.collector.alert;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.base.time.ManualClock;
import vigie.collector.alert.PostedAlerts.Post;
import vigie.collector.label.Labels;

class PostedAlertsTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final Labels DOWN = Labels.of("alertname", "Down", "node", "p1");

  private final ManualClock clock = new ManualClock();
  private final Map<String, PostedAlert> kept = new LinkedHashMap<>();
  private final List<Alert> told = new ArrayList<>();
  private int saves;
  private PostedAlerts posted = open(PostedLimits.DEFAULTS);

  private PostedAlerts open(PostedLimits limits) {
    PostedAlertStore store =
        new PostedAlertStore() {
          @Override
          public List<PostedAlert> load() {
            return List.copyOf(kept.values());
          }

          @Override
          public void save(Collection<PostedAlert> changed, Collection<String> gone) {
            saves++;
            changed.forEach(each -> kept.put(each.alert().fingerprint(), each));
            kept.keySet().removeAll(gone);
          }
        };
    return new PostedAlerts(
        store,
        limits,
        () -> TIMEOUT,
        told::addAll,
        clock,
        clock,
        Runnable::run,
        new SimpleMeterRegistry());
  }

  private List<String> post(Labels labels, String summary, Instant start, Instant end) {
    return posted.post(List.of(new Post(labels, Labels.of("summary", summary), start, end, "u")));
  }

  private List<AlertState> states() {
    return told.stream().map(Alert::state).toList();
  }

  @Test
  void givenAlertWithoutEnd_whenNobodyPostsItAgain_thenItResolvesAfterTheTimeout() {
    post(DOWN, "down", null, null);
    assertThat(states()).containsExactly(AlertState.FIRING);
    clock.advance(TIMEOUT.minusSeconds(1));
    assertThat(posted.alerts()).extracting(Alert::state).containsExactly(AlertState.FIRING);

    clock.advance(Duration.ofSeconds(10));

    assertThat(states()).containsExactly(AlertState.FIRING, AlertState.RESOLVED);
    assertThat(told.get(1).resolvedAt()).isEqualTo(told.get(0).firedAt().plus(TIMEOUT));
  }

  @Test
  void givenAlertThatIsPostedAgain_whenItsEndMoves_thenItGoesOnAndTheDiskHasPeace() {
    Instant start = clock.now().minusSeconds(60);
    for (int i = 0; i < 30; i++) {
      post(DOWN, "down", start, clock.now().plusSeconds(240));
      clock.advance(Duration.ofMinutes(1));
    }
    assertThat(states()).containsExactly(AlertState.FIRING);
    assertThat(told.get(0).firedAt()).isEqualTo(start);
    assertThat(saves).isLessThan(10);

    post(DOWN, "now with other words", start, clock.now().plusSeconds(240));
    assertThat(told).hasSize(2);
  }

  @Test
  void givenPostedEnd_whenItIsInThePast_thenTheAlertResolvesThen() {
    post(DOWN, "down", null, null);
    clock.advance(Duration.ofSeconds(30));
    Instant end = clock.now().minusSeconds(10);
    post(DOWN, "down", null, end);

    assertThat(states()).containsExactly(AlertState.FIRING, AlertState.RESOLVED);
    assertThat(told.get(1).resolvedAt()).isEqualTo(end);
    post(Labels.of("alertname", "Other"), "never fired here", null, end);
    assertThat(told).hasSize(2);
  }

  @Test
  void givenRestart_whenAnAlertFired_thenItIsToldAgainAndHasItsTimeToBePostedAgain() {
    post(DOWN, "down", null, clock.now().plusSeconds(60));
    clock.advance(Duration.ofSeconds(30));
    told.clear();

    posted = open(PostedLimits.DEFAULTS);
    posted.start();

    assertThat(states()).containsExactly(AlertState.FIRING);
    clock.advance(TIMEOUT.minusSeconds(1));
    assertThat(posted.alerts()).extracting(Alert::state).containsExactly(AlertState.FIRING);
  }

  @Test
  void givenResolvedAlert_whenAQuarterOfAnHourIsPast_thenItIsForgotten() {
    post(DOWN, "down", null, clock.now().plusSeconds(60));
    clock.advance(Duration.ofMinutes(10));
    assertThat(posted.alerts()).hasSize(1);
    clock.advance(Duration.ofMinutes(10));
    assertThat(posted.alerts()).isEmpty();
    assertThat(kept).isEmpty();
  }

  @Test
  void givenAsManyAsFitButOne_whenAllAndOneMoreArePostedAtOnce_thenThatOneFires() {
    posted = open(new PostedLimits(3, 10, 1000));
    List<Post> posts = new ArrayList<>();
    for (String node : List.of("p1", "p2", "p3")) {
      posts.add(new Post(Labels.of("node", node), Labels.EMPTY, null, null, ""));
    }
    posted.post(posts.subList(0, 2));
    clock.advance(Duration.ofSeconds(30));

    assertThat(posted.post(posts)).isEmpty();

    assertThat(told).hasSize(3);
    assertThat(posted.alerts()).hasSize(3);
  }

  @Test
  void givenLimits_whenMoreIsPosted_thenWhatFitsIsTakenAndTheRestIsTold() {
    posted = open(new PostedLimits(1, 2, 1000));
    assertThat(post(DOWN, "down", null, null)).isEmpty();
    assertThat(post(DOWN, "again", null, null)).isEmpty();

    assertThat(post(Labels.of("alertname", "Other"), "x", null, null).toString())
        .contains("posted_alerts.most", "raise it");
    assertThat(post(Labels.of("a", "1", "b", "2", "c", "3"), "x", null, null).toString())
        .contains("posted_alerts.labels");
    assertThat(post(DOWN, "x".repeat(1000), null, null).toString()).contains("posted_alerts.bytes");
    assertThat(posted.alerts()).hasSize(1);
  }
}
