package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.alert.Alert;
import vigie.collector.testing.FakeDiscord.Message;

/**
 * Incidents open and close while the power is cut at random steps, the disk forgets what was not
 * synced, and Discord fails a third of all requests. 40 incidents and 15 cuts; {@code
 * -Dsoak.incidents=200 -Dsoak.kills=100} for more, {@code -Dkill.seed} for others.
 */
class IncidentKillsTest {
  private final Random random;
  private final long seed;
  private final PowerCuts cuts = new PowerCuts();
  private final Map<String, Alert> active = new TreeMap<>();
  private int kills;

  IncidentKillsTest() {
    seed = Long.getLong("kill.seed", 20_261_122);
    random = new Random(seed);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenCutsAndFaults_whenIncidentsOpenAndClose_thenEachHasOneRightCardAndNoPingTwice(
      boolean bot) throws IOException {
    int incidents = Integer.getInteger("soak.incidents", 40);
    int wantedKills = Integer.getInteger("soak.kills", 15);
    List<Alert> changes = changes(incidents);
    try (Rig rig = new Rig().insisting(Duration.ofSeconds(20))) {
      if (bot) {
        rig.bot();
      }
      rig.around(cuts::around, cuts::around);
      rig.start();
      rig.fake.chaos(new Random(seed));
      for (int i = 0; i < changes.size(); i++) {
        if (kills < wantedKills * (i + 1) / changes.size()) {
          cuts.cutAfter(random.nextInt(12));
        }
        change(rig, changes.get(i));
        pass(rig, Duration.ofMillis(250L * random.nextInt(12)));
        // A cut that found nothing to fall on falls now.
        if (kills < wantedKills * (i + 1) / changes.size()) {
          restart(rig);
        }
      }
      rig.fake.heal();
      pass(rig, Duration.ofMinutes(10));
      assertThat(kills).isGreaterThanOrEqualTo(wantedKills);
      assertThat(rig.outbox.pending()).as("seed " + seed).isEmpty();
      assertThat(rig.outbox.open()).as("seed " + seed).isEmpty();
      // Nobody can keep a wait that was named to a process which ended before it was on disk.
      assertThat(rig.fake.violations()).as("seed " + seed).hasSizeLessThanOrEqualTo(cuts.unheard());
      assertCards(rig.fake.messages(), incidents, bot);
    }
  }

  /**
   * Each incident fires and is over, in an order of chance; an end never comes before its begin.
   */
  private List<Alert> changes(int incidents) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < incidents; i++) {
      order.add(i);
      order.add(i);
    }
    Collections.shuffle(order, random);
    List<Alert> changes = new ArrayList<>();
    List<Integer> begun = new ArrayList<>();
    for (int i : order) {
      Alert down = Alerts.firing("ProbeDown", "node-" + i + "-x");
      changes.add(begun.contains(i) ? Alerts.resolved(down) : down);
      begun.add(i);
    }
    return changes;
  }

  private void change(Rig rig, Alert alert) {
    // The rules keep their state before they tell it: after a cut they tell it again.
    if (alert.resolvedAt() == null) {
      active.put(alert.fingerprint(), alert);
    } else {
      active.remove(alert.fingerprint());
    }
    if (PowerCuts.cut(() -> rig.accept(alert))) {
      restart(rig);
    }
  }

  private void pass(Rig rig, Duration time) {
    if (PowerCuts.cut(() -> rig.pass(time))) {
      restart(rig);
    }
  }

  private void restart(Rig rig) {
    kills++;
    cuts.cutAfter(-1);
    rig.restart(active.values());
  }

  private void assertCards(List<Message> messages, int incidents, boolean bot) {
    Map<String, List<Message>> cards = new TreeMap<>();
    Map<String, Integer> escalations = new TreeMap<>();
    Map<String, String> nodes = new HashMap<>();
    for (Message message : messages) {
      assertThat(message.pings()).as("seed " + seed).hasSizeLessThanOrEqualTo(1);
      if (message.title().isEmpty()) {
        String text = message.body().path("embeds").path(0).path("description").asText();
        // What a bot tells in the card's thread, whose id is the card's, may name no node.
        String node =
            text.contains("node-")
                ? node(text)
                : nodes.getOrDefault(message.body().path("channel_id").asText(), "");
        assertThat(node).as(text + ", seed " + seed).isNotEmpty();
        escalations.merge(node, message.pings().size(), Integer::sum);
      } else {
        nodes.put(message.id(), node(message.title()));
        cards.computeIfAbsent(node(message.title()), n -> new ArrayList<>()).add(message);
      }
    }
    int unconfirmed = 0;
    int lost = 0;
    for (Map.Entry<String, List<Message>> each : cards.entrySet()) {
      String as = each.getKey() + ", seed " + seed;
      List<Message> all = each.getValue();
      Message last = all.get(all.size() - 1);
      assertThat(last.title()).as(as).contains("Resolved");
      assertThat(last.text()).as(as).contains("connection refused", "calculatrice is down");
      assertThat(all.stream().mapToInt(card -> card.pings().size()).sum())
          .as(as)
          .isLessThanOrEqualTo(1);
      lost += all.size() - 1;
      unconfirmed += (int) all.stream().filter(card -> !card.answered()).count();
      for (Message replacing : all.subList(1, all.size())) {
        assertThat(replacing.text()).as(as).contains("may replace");
      }
    }
    assertThat(cards).as("seed " + seed).hasSize(incidents);
    escalations.forEach(
        (node, pings) -> assertThat(pings).as(node + ", seed " + seed).isLessThanOrEqualTo(1));
    System.out.println(
        (bot ? "bot" : "webhook")
            + " incidents "
            + incidents
            + " kills "
            + kills
            + " messages "
            + messages.size()
            + " cards posted again "
            + lost
            + " whose first answer never came "
            + unconfirmed
            + " cuts before the record "
            + cuts.between()
            + " escalations "
            + escalations.size()
            + " seed "
            + seed);
    // One card each, and one more for each that Discord stored and we could not know of.
    assertThat(lost).as("seed " + seed).isEqualTo(bot ? 0 : unconfirmed + cuts.between());
  }

  private static String node(String text) {
    int at = text.indexOf("node-");
    return text.substring(at, text.indexOf("-x", at));
  }
}
