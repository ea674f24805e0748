package vigie.agent.ship;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PreferenceTest {
  private final Preference preference =
      new Preference(3, Duration.ofSeconds(30), Duration.ofMinutes(5));
  private long now = Long.MAX_VALUE - Duration.ofSeconds(100).toNanos();

  private boolean failedAfter(int seconds) {
    now += Duration.ofSeconds(seconds).toNanos();
    return preference.failed(now);
  }

  private boolean looked(int better, boolean answers, int minutes) {
    now += Duration.ofMinutes(minutes).toNanos();
    return preference.looked(better, answers, now);
  }

  @Test
  void givenNoAnswer_whenPatienceEnds_thenTheNextInTurn() {
    assertThat(failedAfter(0)).isFalse();
    assertThat(failedAfter(29)).isFalse();
    assertThat(failedAfter(1)).isTrue();
    assertThat(preference.current()).isEqualTo(1);
    assertThat(failedAfter(10)).isFalse();
    assertThat(failedAfter(20)).isTrue();
    assertThat(failedAfter(30)).isTrue();
    assertThat(preference.current()).isZero();
  }

  @Test
  void givenAnswers_whenTheLinkBreaksLater_thenPatienceBeginsAnew() {
    failedAfter(0);
    failedAfter(20);
    preference.answered();
    assertThat(failedAfter(3600)).isFalse();
    assertThat(failedAfter(29)).isFalse();
    assertThat(failedAfter(1)).isTrue();
  }

  @Test
  void givenBetterOne_whenItAnswersTwiceInARow_thenItIsUsed() {
    failedAfter(0);
    failedAfter(30);
    preference.answered();
    assertThat(looked(0, true, 5)).isFalse();
    assertThat(looked(0, false, 5)).isFalse();
    assertThat(looked(0, true, 5)).isFalse();
    assertThat(looked(0, true, 5)).isTrue();
    assertThat(preference.current()).isZero();
  }

  @Test
  void givenBetterOneThatFailsAgain_whenAway_thenTheNextLookWaitsLonger() {
    assertThat(preference.pause()).isEqualTo(Duration.ofMinutes(5));
    long[] wanted = {10, 20, 40, 60, 60};
    failedAfter(0);
    failedAfter(30);
    for (long minutes : wanted) {
      goBack();
      failedAfter(60);
      failedAfter(30);
      assertThat(preference.pause().toMinutes()).isEqualTo(minutes);
    }
    goBack();
    failedAfter(2 * 3600);
    failedAfter(30);
    assertThat(preference.pause()).isEqualTo(Duration.ofMinutes(5));
  }

  private void goBack() {
    preference.answered();
    looked(0, true, 1);
    assertThat(looked(0, true, 1)).isTrue();
    preference.answered();
  }

  @Test
  void givenOneOnly_whenItFails_thenItStays() {
    Preference alone = new Preference(1, Duration.ofSeconds(30), Duration.ofMinutes(5));
    alone.failed(0);
    assertThat(alone.failed(Duration.ofDays(1).toNanos())).isFalse();
    assertThat(alone.current()).isZero();
  }
}
