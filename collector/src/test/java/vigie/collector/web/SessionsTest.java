package vigie.collector.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import vigie.base.time.ManualClock;

class SessionsTest {
  private static final WebSettings SETTINGS =
      new WebSettings(
          Set.of(), Set.of(), "", "", List.of(), Duration.ofHours(12), Duration.ofDays(7));
  private final ManualClock clock = new ManualClock(Instant.parse("2026-11-22T06:00:00Z"));
  private final Sessions sessions = new Sessions(clock);

  private boolean lives(String id) {
    return sessions.find(id, SETTINGS, true) != null;
  }

  @Test
  void givenASession_whenNotUsedForHalfADay_thenItIsOver() {
    String id = sessions.begin("anna", "hash", "/");
    clock.advance(Duration.ofHours(11));
    assertThat(lives(id)).isTrue();
    clock.advance(Duration.ofHours(11));
    assertThat(sessions.find(id, SETTINGS, false)).isNotNull(); // a look is no use
    clock.advance(Duration.ofHours(1));
    assertThat(lives(id)).isFalse();
    assertThat(sessions.count()).isZero();
  }

  @Test
  void givenASessionInUse_whenAWeekIsOver_thenItIsOverToo() {
    String id = sessions.begin("anna", "hash", "/");
    for (int hours = 0; hours < 7 * 24 - 6; hours += 6) {
      clock.advance(Duration.ofHours(6));
      assertThat(lives(id)).as("after %d hours", hours + 6).isTrue();
    }
    clock.advance(Duration.ofHours(6));
    assertThat(lives(id)).isFalse();
  }

  @Test
  void givenManySessions_whenOneMoreBegins_thenTheOneUsedLongestAgoEnds() {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < Sessions.MOST; i++) {
      all.add(sessions.begin("user" + i, "hash", "/"));
    }
    assertThat(new HashSet<>(all)).hasSize(Sessions.MOST);
    assertThat(lives(all.get(0))).isTrue();
    String more = sessions.begin("anna", "hash", "/");
    assertThat(sessions.count()).isEqualTo(Sessions.MOST);
    assertThat(lives(all.get(1))).isFalse();
    assertThat(lives(all.get(0))).isTrue();
    assertThat(lives(more)).isTrue();
  }

  @Test
  void givenOneUserWithManySessions_whenSigningInAgain_thenOnlyTheirOwnEnd() {
    String other = sessions.begin("ben", "hash", "/");
    List<String> own = new ArrayList<>();
    for (int i = 0; i <= Sessions.MOST_OF_USER; i++) {
      own.add(sessions.begin("anna", "hash", "/"));
    }
    assertThat(lives(own.get(0))).isFalse();
    assertThat(lives(own.get(1))).isTrue();
    assertThat(lives(other)).isTrue();
  }

  @Test
  void givenAnId_whenGuessedOrEmpty_thenNoSession() {
    sessions.begin("anna", "hash", "/");
    assertThat(lives("")).isFalse();
    assertThat(lives("AAAAAAAAAAAAAAAAAAAAAA")).isFalse();
  }
}
