package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.notify.discord.CardButton;
import vigie.collector.notify.discord.CardButton.Action;
import vigie.collector.testing.FakeBotRest;
import vigie.collector.testing.FakeDiscord;
import vigie.collector.testing.FakeGateway;

/**
 * The packaged collector with a bot: exactly one card of each incident over kills ({@code
 * -Dbot.kills=N} for more than 2), what a button did survives one, cards go out without the
 * gateway, and the token is in no log.
 */
class BotIT {
  private static final String TOKEN =
      "MTIzNDU2Nzg5MDEyMzQ1Njc4.GSecrt.uNiQuE-tOkEn_that-must_never-appear";

  @TempDir Path dir;

  private static String bots(FakeBotRest rest, FakeGateway gateway) {
    return """
        receivers:
          - name: discord
            discord_bot_configs:
              - token_file: token
                guild_id: %s
                channel_id: %s
                allowed_roles: [%s]
                api_url: %s
                gateway_url: %s
        """
        .formatted(
            FakeBotRest.GUILD,
            FakeBotRest.CHANNEL,
            FakeGateway.OPERATOR_ROLE,
            rest.apiUrl(),
            gateway.url());
  }

  /** Has the collector of the fleet speak as a bot. */
  private void asBot(FakeBotRest rest, FakeGateway gateway) throws IOException {
    Files.writeString(dir.resolve("token"), TOKEN + "\n");
    Path config = dir.resolve("collector.yaml");
    String yaml = Files.readString(config);
    String receivers = yaml.lines().filter(line -> line.startsWith("receivers:")).findFirst().get();
    Files.writeString(config, yaml.replace(receivers, bots(rest, gateway)));
  }

  @Test
  void givenBot_whenKilledAndCutOff_thenOneCardEachAndEveryClickThatWasAnsweredCounts()
      throws Exception {
    try (Fleet fleet = new Fleet(dir);
        FakeGateway gateway = new FakeGateway(fleet.discord.bot(TOKEN))) {
      FakeBotRest rest = fleet.discord.bot();
      fleet.discord.limits(false);
      asBot(rest, gateway);
      fleet.service.up();
      fleet.startCollector();
      fleet.startAgent();
      fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));
      fleet.awaitOrTell("commands", () -> rest.commands().size() == 6);

      // Killed between Discord's storing and our recording: the nonce gives the same card.
      fleet.discord.fail(FakeDiscord.Fault.of(FakeDiscord.Kind.STORED_HANG).on("POST"));
      fleet.service.down();
      fleet.awaitOrTell("a card", () -> last(rest).contains("FIRING"));
      assertThat(rest.messages(FakeBotRest.CHANNEL).get(0).answered()).isFalse();
      fleet.collector.kill();
      fleet.collector.start();
      fleet.awaitOrTell("the bot after the kill", gateway::isConnected);
      fleet.awaitOrTell(
          "the card to be known", () -> fleet.ask("/api/vigie/outbox").path("pending").isEmpty());
      press(fleet, rest, gateway, Action.ACKNOWLEDGE, "Acknowledged");
      fleet.collector.kill();
      fleet.collector.start();
      fleet.awaitOrTell("the card says so", () -> last(rest).contains("Acknowledged"));

      boolean up = false;
      for (int kill = 0; kill < Integer.getInteger("bot.kills", 2); kill++) {
        up = !up;
        if (up) {
          fleet.service.up();
        } else {
          fleet.service.down();
        }
        String wanted = up ? "Resolved" : "FIRING";
        if (kill % 2 == 0) {
          // Around the request, before or after its answer is on the disk.
          fleet.awaitOrTell("the change", () -> last(rest).contains(wanted));
        }
        fleet.collector.kill();
        fleet.collector.start();
        fleet.awaitOrTell("the card after a kill", () -> last(rest).contains(wanted));
      }

      fleet.awaitOrTell("the bot", gateway::isConnected);
      gateway.away();
      if (up) {
        fleet.service.down();
      } else {
        fleet.service.up();
      }
      String wanted = up ? "FIRING" : "Resolved";
      fleet.awaitOrTell("a card without the gateway", () -> last(rest).contains(wanted));
      gateway.back();
      fleet.awaitOrTell("the bot to be back", gateway::isConnected);
      press(fleet, rest, gateway, Action.SHOW_LOG, "");

      fleet.awaitOrTell(
          "nothing pending", () -> fleet.ask("/api/vigie/outbox").path("pending").isEmpty());
      Set<String> incidents = new TreeSet<>();
      List<FakeDiscord.Message> cards = rest.messages(FakeBotRest.CHANNEL);
      for (FakeDiscord.Message card : cards) {
        assertThat(incidents.add(incident(card))).as("one card of %s", card).isTrue();
      }
      assertThat(fleet.discord.violations()).isEmpty();
      assertThat(gateway.violations()).isEmpty();
      fleet.collector.stop();
      assertThat(fleet.collector.log())
          .contains("bot is connected")
          .doesNotContain("uNiQuE", "sEcReT-interaction");
    }
  }

  private static String last(FakeBotRest rest) {
    List<FakeDiscord.Message> cards = rest.messages(FakeBotRest.CHANNEL);
    return cards.isEmpty() ? "" : cards.get(cards.size() - 1).title();
  }

  private static String incident(FakeDiscord.Message card) {
    String id = card.body().at("/components/0/components/0/custom_id").asText();
    return CardButton.parse(id).orElseThrow().incident();
  }

  private static void press(
      Fleet fleet, FakeBotRest rest, FakeGateway gateway, Action action, String said) {
    List<FakeDiscord.Message> cards = rest.messages(FakeBotRest.CHANNEL);
    FakeDiscord.Message card = cards.get(cards.size() - 1);
    String id =
        gateway.press(
            card,
            new CardButton(action, incident(card)).customId(),
            "1001",
            FakeGateway.OPERATOR_ROLE);
    fleet.awaitOrTell(
        "the answer to " + action,
        () -> rest.interaction(id).answers().stream().anyMatch(text -> text.contains(said)));
  }

  @Test
  void givenNoBot_whenRunning_thenNothingOfJdaIsLoaded() throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      Path classes = dir.resolve("classes.txt");
      fleet.collector =
          Program.start(
              dir.resolve("collector.log"),
              Map.of("JAVA_OPTS", "-Xlog:class+load:file=" + classes),
              "collector",
              "run",
              "--config",
              dir.resolve("collector.yaml").toString());
      fleet.awaitReady();
      fleet.collector.stop();
      List<String> loaded = Files.readAllLines(classes);
      assertThat(loaded.stream().filter(line -> line.contains("vigie.collector.bot.Bots")))
          .isNotEmpty();
      assertThat(loaded.stream().filter(BotIT::isOfJda)).isEmpty();
    }
  }

  private static boolean isOfJda(String line) {
    return List.of(" net.dv8tion.", " okhttp3.", " kotlin.", " com.neovisionaries.").stream()
        .anyMatch(line::contains);
  }
}
