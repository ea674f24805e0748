package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Message.Kind;
import vigie.collector.testing.FakeDiscord.Fault;
import vigie.collector.testing.FakeDiscord.Message;

/** Who is pinged, by what, and how often, where there is only a webhook. */
class EscalationTest {
  private static final Alert DOWN = Alerts.firing("ProbeDown", "p1");

  private Rig rig;

  @BeforeEach
  void open() throws IOException {
    rig = new Rig().insisting(Duration.ofSeconds(20), Duration.ofSeconds(60)).start();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private List<Message> pinging() {
    return rig.fake.messages().stream().filter(message -> !message.pings().isEmpty()).toList();
  }

  private void tell(Kind kind, String id) {
    rig.outbox.tell(
        vigie.collector.dispatch.Message.of(
            rig.outbox.open().get(0).incident(), id, kind, rig.clock.now(), "somebody", "a text"));
    rig.settle();
  }

  @Test
  void givenNobodyAcknowledges_whenTimePasses_thenOnePingForEachStepThatLeadsToTheCard() {
    rig.accept(DOWN);
    Message card = rig.onlyMessage();
    assertThat(card.pings()).containsExactly("777");
    assertThat(card.content()).isEqualTo("<@&777>");

    rig.pass(Duration.ofSeconds(30));
    assertThat(rig.fake.messages()).hasSize(2);
    Message first = rig.fake.messages().get(1);
    assertThat(first.pings()).containsExactly("777");
    assertThat(first.text())
        .contains("nobody has acknowledged", "ProbeDown")
        .contains("https://discord.com/channels/43/42/" + card.id());
    rig.pass(Duration.ofMinutes(5));

    assertThat(pinging()).hasSize(3);
    assertThat(rig.fake.requests().stream().filter(r -> r.method().equals("GET"))).hasSize(1);
    assertThat(rig.fake.violations()).isEmpty();
  }

  @Test
  void givenKilledBetweenSteps_whenStartedAgain_thenNoStepTwice() {
    rig.accept(DOWN);
    rig.pass(Duration.ofSeconds(30));

    rig.restart(List.of(DOWN));
    rig.pass(Duration.ofSeconds(20));
    assertThat(pinging()).hasSize(2);
    rig.pass(Duration.ofMinutes(2));

    assertThat(pinging()).hasSize(3);
  }

  @Test
  void givenStepsThatPassedWhileDown_whenStartedAgain_thenOnlyTheLastPings() {
    rig.accept(DOWN);
    rig.dead();
    rig.clock.advance(Duration.ofMinutes(10));

    rig.start(List.of(DOWN));
    rig.pass(Duration.ofMinutes(5));

    assertThat(pinging()).hasSize(2);
  }

  @Test
  void givenAcknowledged_whenTimePasses_thenNobodyIsPingedAgain() {
    rig.accept(DOWN);
    rig.acknowledged = true;

    rig.pass(Duration.ofMinutes(5));

    assertThat(pinging()).hasSize(1);
  }

  @Test
  void givenEscalationThatWaits_whenAcknowledged_thenItIsTakenBack() {
    rig.accept(DOWN);
    rig.fake.fail(Fault.rateLimit(60).on("POST"));
    rig.pass(Duration.ofSeconds(25));
    assertThat(rig.onlyPending().messages()).isEqualTo(1);

    rig.acknowledged = true;
    tell(Kind.ACK, "ack-1");
    rig.pass(Duration.ofMinutes(3));

    assertThat(rig.fake.messages()).hasSize(1);
    assertThat(rig.outbox.pending()).isEmpty();
  }

  @Test
  void givenEscalationThatWaits_whenOver_thenTheCardIsResolvedAndNobodyPinged() {
    rig.accept(DOWN);
    rig.fake.fail(Fault.rateLimit(60).on("POST"));
    rig.pass(Duration.ofSeconds(25));

    rig.accept(Alerts.resolved(DOWN));
    rig.pass(Duration.ofMinutes(3));

    assertThat(rig.onlyMessage().title()).contains("Resolved");
    assertThat(rig.outbox.open()).isEmpty();
  }

  @Test
  void givenAnswerToEscalationLost_whenToldAgain_thenItDoesNotPingAgain() {
    rig.accept(DOWN);
    rig.fake.fail(Fault.of(vigie.collector.testing.FakeDiscord.Kind.STORED_502).on("POST"));

    rig.pass(Duration.ofSeconds(30));

    assertThat(rig.fake.messages()).hasSize(3);
    assertThat(pinging()).hasSize(2);
    assertThat(rig.fake.messages().get(2).text()).contains("told already");
  }

  @Test
  void givenWarning_whenACriticalAlertJoins_thenANewMessagePings() {
    Alert warning = Alerts.withSeverity(DOWN, "warning");
    rig.accept(warning);
    assertThat(pinging()).isEmpty();

    rig.accept(Alerts.firing("ProbeDown", "p1", "127.0.0.1:80", "web is down"));
    rig.pass(Duration.ofSeconds(2));

    assertThat(pinging()).hasSize(1);
    assertThat(pinging().get(0).text()).contains("got worse");
  }

  @Test
  void givenCriticalIncident_whenMoreCriticalAlertsJoin_thenOnePingForAllOfFiveMinutes()
      throws IOException {
    rig.close();
    rig = new Rig().insisting().start();
    rig.accept(fires("1"));
    rig.pass(Duration.ofMinutes(1));
    rig.accept(fires("2"));
    rig.passLong(Duration.ofMinutes(5));
    assertThat(pinging()).as("who was called a minute before looks at the card").hasSize(1);

    for (int i = 3; i < 53; i++) {
      rig.accept(fires("" + i));
      rig.pass(Duration.ofSeconds(2));
    }
    assertThat(pinging()).hasSize(2);
    assertThat(pinging().get(1).text()).contains("Another critical alert", "p1 3");

    rig.passLong(Duration.ofMinutes(10));
    rig.restart(rig.outbox.open().get(0).in(AlertState.FIRING));
    rig.passLong(Duration.ofMinutes(10));
    assertThat(pinging()).hasSize(2);
  }

  private Alert fires(String target) {
    Alert alert = Alerts.firing("ProbeDown", "p1", target, "it is down");
    return new Alert(
        alert.labels(),
        alert.annotations(),
        alert.state(),
        rig.clock.now(),
        rig.clock.now(),
        null,
        rig.clock.now(),
        0,
        alert.rule(),
        List.of());
  }

  @Test
  void givenOldWarning_whenItBecomesCritical_thenItsStepsCountFromThen() {
    rig.accept(Alerts.withSeverity(DOWN, "warning"));
    rig.passLong(Duration.ofHours(2));

    rig.accept(fires("127.0.0.1:80"));
    rig.pass(Duration.ofSeconds(15));
    assertThat(pinging()).hasSize(1);
    rig.pass(Duration.ofSeconds(10));

    assertThat(pinging()).hasSize(2);
  }

  @Test
  void givenIncidentThatGotBetter_whenItGetsWorseAgain_thenThatPingsToo() {
    rig.accept(Alerts.withSeverity(DOWN, "warning"));
    Alert web = Alerts.firing("ProbeDown", "p1", "127.0.0.1:80", "web is down");
    rig.accept(web);
    rig.pass(Duration.ofSeconds(2));
    rig.accept(Alerts.resolved(web));
    rig.pass(Duration.ofSeconds(2));

    rig.accept(Alerts.firing("ProbeDown", "p1", "127.0.0.1:25", "mail is down"));
    rig.pass(Duration.ofSeconds(2));

    assertThat(pinging()).hasSize(2);
    // The same as before, as where a list of many alerts left it out for a while.
    rig.accept(Alerts.resolved(Alerts.firing("ProbeDown", "p1", "127.0.0.1:25", "mail is down")));
    rig.accept(web);
    rig.pass(Duration.ofSeconds(2));
    assertThat(pinging()).hasSize(2);
  }

  @Test
  void givenMessagesThatAWebhookDoesNotTell_whenTold_thenNothingIsPosted() {
    rig.accept(DOWN);
    for (Kind kind : List.of(Kind.ACK, Kind.NOTE, Kind.EVENT, Kind.HISTORY)) {
      tell(kind, kind.name());
    }

    assertThat(rig.fake.messages()).hasSize(1);
    assertThat(rig.outbox.pending()).isEmpty();
  }
}
