package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;
import static vigie.collector.notify.discord.PowerCuts.cut;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import vigie.collector.alert.Alert;
import vigie.collector.testing.FakeDiscord.Message;

/**
 * One incident from firing to resolved, with the power cut before and after each step that the
 * outbox takes: each write to its store, each request. The card is right in the end, and there is a
 * second one only where Discord stored the first and its id was not on disk.
 */
class KillPointsTest {
  private static final Alert DOWN = Alerts.firing("ProbeDown", "p1");
  private static final Alert UP = Alerts.resolved(DOWN);

  private boolean bot;
  private int nonceHits;
  private PowerCuts cuts = new PowerCuts();

  @Test
  void givenPowerCutAtAnyStep_whenStartedAgain_thenTheCardIsRightAndOneUnlessItCouldNotBeKnown()
      throws IOException {
    incident(-1);
    int steps = cuts.steps();
    assertThat(steps).as("writes and requests, before and after each").isGreaterThanOrEqualTo(12);
    int doubled = 0;
    for (int at = 0; at < steps; at++) {
      doubled += incident(at) ? 1 : 0;
    }
    assertThat(doubled).as("the case that cannot be avoided was met").isGreaterThan(0);
  }

  @Test
  void givenBotAndPowerCutAtAnyStep_whenStartedAgain_thenThereIsExactlyOneCard()
      throws IOException {
    bot = true;
    incident(-1);
    int steps = cuts.steps();
    assertThat(steps).isGreaterThanOrEqualTo(12);
    for (int at = 0; at < steps; at++) {
      incident(at);
    }
    assertThat(nonceHits).as("posts that Discord had already").isGreaterThan(0);
  }

  private boolean incident(int cutAt) throws IOException {
    cuts = new PowerCuts();
    cuts.cutAfter(cutAt);
    try (Rig rig = new Rig()) {
      rig.fake.limits(false);
      if (bot) {
        rig.bot();
      }
      rig.around(cuts::around, cuts::around);
      if (cut(() -> rig.start().accept(DOWN))) {
        rig.dead();
        rig.start(List.of(DOWN));
        rig.settle();
      }
      if (cut(() -> rig.accept(UP))) {
        rig.dead();
        rig.start(List.of());
        rig.settle();
      }
      List<Message> messages =
          rig.fake.messages().stream().filter(message -> !message.title().isEmpty()).toList();
      Message last = messages.get(messages.size() - 1);
      assertThat(last.title()).as("cut at step %d", cutAt).contains("Resolved");
      assertThat(rig.outbox.pending()).isEmpty();
      assertThat(messages).as("cut at step %d", cutAt).hasSize(bot ? 1 : 1 + cuts.between());
      if (messages.size() == 2) {
        assertThat(last.text()).contains("may replace");
      }
      assertThat(rig.fake.violations()).isEmpty();
      if (bot) {
        nonceHits += rig.rest.nonceHits();
        assertThat(last.text()).doesNotContain("may replace", "FIRING");
      }
      return messages.size() == 2;
    }
  }
}
