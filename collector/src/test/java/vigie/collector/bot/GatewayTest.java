package vigie.collector.bot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.alert.Acknowledgement;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.notify.discord.CardButton;
import vigie.collector.notify.discord.CardButton.Action;
import vigie.collector.silence.Silence;
import vigie.collector.silence.SilenceState;
import vigie.collector.testing.FakeBotRest.Interaction;
import vigie.collector.testing.FakeDiscord.Fault;

/** Buttons, commands and the gateway's faults, with JDA on real sockets. */
class GatewayTest {
  private Bench bench;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench();
  }

  @AfterEach
  void close() throws IOException {
    assertThat(bench.gateway.violations()).isEmpty();
    assertThat(bench.fake.violations()).isEmpty();
    bench.close();
  }

  @Test
  void givenOperator_whenButtonsArePressed_thenItIsOnDiskAndInTheHistoryAndSaidToThemAlone() {
    bench.connected();
    Interaction ack = bench.press(Action.ACKNOWLEDGE, "1001", Bench.OPERATOR);
    assertThat(ack.callbacks()).containsExactly(6);
    assertThat(ack.ephemeral()).isTrue();
    assertThat(ack.answers()).singleElement().asString().contains("Acknowledged", "ProbeDown");
    assertThat(bench.history).extracting(HistoryEntry::who).anyMatch(who -> who.contains("1001"));

    Interaction other = bench.press(Action.ACKNOWLEDGE, "1002", Bench.OPERATOR);
    assertThat(other.answers()).singleElement().asString().contains("Already", "1001");

    Interaction silence = bench.press(Action.SILENCE_1H, "1001", Bench.OPERATOR);
    assertThat(silence.answers()).singleElement().asString().contains("Silenced");
    Interaction again = bench.press(Action.SILENCE_1H, "1002", Bench.OPERATOR);
    assertThat(again.answers()).singleElement().asString().contains("Already silenced");
    assertThat(bench.silences.list()).hasSize(1);

    Interaction log = bench.press(Action.SHOW_LOG, "1001", Bench.OPERATOR);
    assertThat(log.answers()).singleElement().asString().contains("calculatrice is down");

    assertThat(bench.acknowledgementsOnDisk().list())
        .singleElement()
        .extracting(Acknowledgement::by)
        .asString()
        .contains("1001");
    assertThat(bench.warnings()).isEmpty();
  }

  @Test
  void givenWrongRoleOrCard_whenPressed_thenRefusedToThemAloneAndAudited() {
    bench.connected();
    Interaction role = bench.press(Action.ACKNOWLEDGE, "2001", "999");
    assertThat(role.answers()).singleElement().asString().contains("<@&" + Bench.OPERATOR + ">");
    assertThat(role.ephemeral()).isTrue();
    assertThat(bench.history)
        .singleElement()
        .satisfies(entry -> assertThat(entry.text()).contains("refused", "ack"))
        .satisfies(entry -> assertThat(entry.who()).contains("2001"));
    String old =
        bench.gateway.press(
            bench.card,
            new CardButton(Action.ACKNOWLEDGE, "inc-0").customId(),
            "1001",
            Bench.OPERATOR);
    assertThat(bench.answered(old).answers()).singleElement().asString().contains("is over");
    String foreign = bench.gateway.press(bench.card, "v9/what/ever", "1001", Bench.OPERATOR);
    assertThat(bench.answered(foreign).answers()).singleElement().asString().contains("version");
    assertThat(bench.acknowledgements.list()).isEmpty();
  }

  @Test
  void givenTheSameClickTwice_whenDelivered_thenItIsOne() {
    bench.connected();
    Interaction ack = bench.press(Action.ACKNOWLEDGE, "1001", Bench.OPERATOR);
    bench.gateway.again(ack.id());
    bench.press(Action.SHOW_LOG, "1001", Bench.OPERATOR);
    assertThat(bench.rest.interaction(ack.id()).callbacks()).hasSize(1);
    assertThat(bench.rest.interaction(ack.id()).refused()).isZero();
    assertThat(bench.rest.interaction(ack.id()).answers()).hasSize(1);
  }

  @Test
  void givenClicksThatArriveInAnotherOrder_whenDelivered_thenEachIsDoneOnceForWhoeverPressed() {
    bench.connected();
    bench.gateway.gather();
    String ack =
        bench.gateway.press(
            bench.card,
            new CardButton(Action.ACKNOWLEDGE, "inc-1").customId(),
            "1001",
            Bench.OPERATOR);
    String silence =
        bench.gateway.press(
            bench.card,
            new CardButton(Action.SILENCE_1H, "inc-1").customId(),
            "1002",
            Bench.OPERATOR);
    bench.gateway.deliverBackwards();
    bench.gateway.again(silence);
    assertThat(bench.answered(silence).answers()).singleElement().asString().contains("Silenced");
    assertThat(bench.answered(ack).answers()).singleElement().asString().contains("Acknowledged");
    // A click behind them has been heard: nothing more of theirs is to come.
    bench.press(Action.SHOW_LOG, "1001", Bench.OPERATOR);
    assertThat(bench.acknowledgements.list())
        .singleElement()
        .satisfies(made -> assertThat(made.by()).contains("1001"));
    assertThat(bench.silences.list())
        .singleElement()
        .satisfies(made -> assertThat(made.createdBy()).contains("1002"));
  }

  @Test
  void givenInteractionThatIsTooLateForDiscord_whenPressed_thenItIsDoneAllTheSame() {
    bench.connected();
    bench.rest.expireInteractions(true);
    bench.gateway.press(
        bench.card, new CardButton(Action.ACKNOWLEDGE, "inc-1").customId(), "1001", Bench.OPERATOR);
    Bench.await(() -> !bench.acknowledgements.list().isEmpty());
    Bench.await(() -> bench.warnings().stream().anyMatch(w -> w.contains("could not be shown")));
  }

  @Test
  void givenSilenceUntilResolved_whenTheAlertIsOver_thenItEnds() {
    bench.connected();
    Interaction said = bench.press(Action.SILENCE_UNTIL_RESOLVED, "1001", Bench.OPERATOR);
    assertThat(said.answers()).singleElement().asString().contains("until it is resolved");
    bench.slash(
        "silence", List.of("matchers", "node=p1", "reason", "until resolved"), Bench.OPERATOR);
    bench.alerts.clear();
    Bench.await(
        () ->
            bench.silences.list().stream()
                .anyMatch(s -> s.stateAt(bench.clock.now()) == SilenceState.EXPIRED));
    // What a person wrote for a silence of a given time does not end it.
    assertThat(bench.silences.list())
        .extracting(Silence::ended)
        .containsExactlyInAnyOrder("resolved", "");
  }

  @Test
  void givenCardThatIsOver_whenPressed_thenItsLogIsShownAndNothingElseIsDone() {
    bench.over = true;
    bench.connected();
    assertThat(bench.press(Action.SHOW_LOG, "1001", Bench.OPERATOR).answers())
        .singleElement()
        .asString()
        .contains("calculatrice is down");
    assertThat(bench.press(Action.SILENCE_1H, "1001", Bench.OPERATOR).answers())
        .singleElement()
        .asString()
        .contains("is over");
    assertThat(bench.silences.list()).isEmpty();
  }

  @Test
  void givenCommands_whenGiven_thenAnswered() {
    bench.connected();
    assertThat(bench.rest.commands())
        .containsExactlyInAnyOrder("alerts", "nodes", "events", "graph", "ack", "silence");
    assertThat(bench.slash("alerts", List.of(), Bench.OPERATOR).answers().get(0))
        .contains("ProbeDown");
    assertThat(bench.slash("nodes", List.of(), Bench.OPERATOR).answers().get(0)).contains("p1");
    assertThat(bench.slash("events", List.of("node", "p1"), Bench.OPERATOR).answers().get(0))
        .contains("calculatrice")
        .doesNotContain("down ```");
    assertThat(bench.slash("graph", List.of("expr", "1 +"), Bench.OPERATOR).answers().get(0))
        .contains("parse error");
    assertThat(bench.slash("graph", List.of("expr", "vector(2)"), Bench.OPERATOR).answers().get(0))
        .isNotEmpty();
    assertThat(
            bench
                .slash("ack", List.of("alert", "ProbeDown", "note", "mine"), Bench.OPERATOR)
                .answers()
                .get(0))
        .contains("Acknowledged");
    assertThat(
            bench
                .slash("silence", List.of("matchers", "node=p1", "for", "2h"), Bench.OPERATOR)
                .answers()
                .get(0))
        .contains("Silenced");
    Interaction refused = bench.slash("alerts", List.of(), "999");
    assertThat(refused.callbacks()).containsExactly(5);
    assertThat(refused.answers()).singleElement().asString().contains("You need one of");
  }

  @Test
  void givenLostConnection_whenAButtonIsPressedMeanwhile_thenItIsHeardAfterTheResume() {
    bench.connected();
    bench.gateway.drop();
    String id =
        bench.gateway.press(
            bench.card,
            new CardButton(Action.ACKNOWLEDGE, "inc-1").customId(),
            "1001",
            Bench.OPERATOR);
    bench.answered(id);
    assertThat(bench.gateway.resumes()).isEqualTo(1);
    assertThat(bench.gateway.identifies()).isEqualTo(1);
    assertThat(bench.acknowledgements.list()).hasSize(1);
  }

  @Test
  void givenServerThatAsksForReconnectAndForgetsTheSession_whenBack_thenButtonsWork() {
    bench.connected();
    bench.gateway.askToReconnect();
    Bench.await(() -> bench.gateway.resumes() == 1 && bench.isConnected());
    bench.press(Action.SHOW_LOG, "1001", Bench.OPERATOR);
    bench.gateway.invalidate(false);
    Bench.await(() -> bench.gateway.identifies() == 2 && bench.isConnected());
    assertThat(bench.press(Action.ACKNOWLEDGE, "1001", Bench.OPERATOR).answers()).hasSize(1);
  }

  @Test
  void givenGatewayThatRefusesConnections_whenItTakesThem_thenConnectedWithOneWarning() {
    bench.gateway.refuseHandshakes(1);
    bench.start();
    Bench.await(bench::isConnected);
    assertThat(bench.gateway.connects()).isEqualTo(2);
    assertThat(bench.warnings().stream().filter(w -> w.contains("bot is not connected")))
        .hasSize(1);
    assertThat(bench.warnings()).allMatch(warning -> warning.startsWith("vigie."));
  }

  @Test
  void givenGatewayThatIsAway_whenStopped_thenNothingOfJdaIsLeft() {
    bench.gateway.away();
    bench.start();
    Bench.await(() -> bench.warnings().stream().anyMatch(w -> w.contains("bot is not connected")));
    bench.stopBots();
    Bench.await(
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .noneMatch(
                    name ->
                        name.startsWith("JDA")
                            || name.startsWith("SessionController")
                            || name.startsWith("OkHttp http")));
  }

  @Test
  void givenTokenThatDiscordRefuses_whenStarted_thenToldOnceAndNotTriedAgain() {
    bench.token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gwrong.another-token-of-the-same-shape";
    bench.start();
    Bench.await(
        () -> bench.warnings().stream().anyMatch(w -> w.contains("refuses the bot's token")));
    assertThat(bench.gateway.connects()).isZero();
    assertThat(bench.warnings().stream().filter(w -> w.contains("refuses the bot's token")))
        .hasSize(1);
  }

  @Test
  void givenTokenThatIsResetWhileConnected_whenTheGatewayCloses_thenNotTriedAgain() {
    bench.connected();
    bench.gateway.refuseToken(true);
    bench.gateway.forgetSessions();
    bench.gateway.drop();
    Bench.await(
        () -> bench.warnings().stream().anyMatch(w -> w.contains("refuses the bot's token")));
    assertThat(bench.gateway.connects()).isLessThan(4);
  }

  @Test
  void givenTokenThatIsReset_whenItsFileHoldsTheNextOneAlready_thenThatOneIsTried(
      @TempDir Path folder) throws IOException {
    bench.tokenFile = folder.resolve("token");
    Files.writeString(bench.tokenFile, Bench.TOKEN);
    bench.connected();
    Files.writeString(bench.tokenFile, Bench.TOKEN.replace("uNiQuE", "oThEr"));
    bench.gateway.close(4004);
    // The fake does not know that one either, so that it is refused, too.
    Bench.await(
        () ->
            bench.warnings().stream().filter(w -> w.contains("refuses the bot's token")).count()
                == 2);
  }

  @Test
  void givenFrench_whenAsked_thenAnswersAndCommandsAreFrench() {
    bench.language = "fr";
    bench.connected();

    assertThat(bench.slash("alerts", List.of(), Bench.OPERATOR).answers())
        .singleElement()
        .asString()
        .contains("**ProbeDown** sur p1");
    assertThat(bench.press(Action.ACKNOWLEDGE, "1001", Bench.OPERATOR).answers())
        .singleElement()
        .asString()
        .contains("Pris en charge : **ProbeDown** sur p1.");
    assertThat(bench.press(Action.SILENCE_1H, "1001", Bench.OPERATOR).answers())
        .singleElement()
        .asString()
        .contains("Mis en silence : ");
    assertThat(bench.fake.requests().stream().filter(each -> each.method().equals("PUT")))
        .singleElement()
        .satisfies(put -> assertThat(put.body()).contains("Tous les nœuds"));
  }

  @Test
  void givenReloadWithOtherRoles_whenPressedAtOnce_thenTheNewOnesCountAndItStaysConnected() {
    bench.connected();
    bench.roles = Set.of("999");
    bench.start();

    Interaction refused = bench.press(Action.ACKNOWLEDGE, "1001", Bench.OPERATOR);
    assertThat(refused.answers()).singleElement().asString().contains("<@&999>");
    bench.roles = Set.of(Bench.OPERATOR);
    bench.start();
    Interaction done = bench.press(Action.ACKNOWLEDGE, "1001", Bench.OPERATOR);
    assertThat(done.answers()).singleElement().asString().contains("Acknowledged");
    assertThat(bench.gateway.connects()).isEqualTo(1);
  }

  @Test
  void givenReloadWithoutTheBot_whenConnected_thenItEndsAndDoesNotCountAsDown() {
    bench.connected();
    bench.withoutBots();
    assertThat(bench.meters.find("vigie.bot.connected").gauges()).isEmpty();
    Bench.await(() -> !bench.gateway.isConnected());
  }

  @Test
  void givenDiscordThatFailsAtTheStart_whenItIsWell_thenConnected() {
    bench.fake.fail(Fault.status(500, 0).times(2));
    bench.start();
    Bench.await(bench::isConnected);
  }

  @Test
  void givenMissingPermissions_whenConnected_thenEachIsNamed() {
    bench.gateway.permissions((1L << 10) | (1L << 11));
    bench.connected();
    Bench.await(() -> bench.warnings().stream().anyMatch(w -> w.contains("lacks permissions")));
    assertThat(bench.warnings())
        .anyMatch(w -> w.contains("Embed Links") && w.contains("Create Public Threads"))
        .noneMatch(w -> w.contains("Send Messages,"));
  }
}
