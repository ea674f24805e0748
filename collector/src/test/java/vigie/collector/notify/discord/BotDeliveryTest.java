package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Secret;
import vigie.collector.alert.Alert;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Message;
import vigie.collector.outbox.PendingCard;
import vigie.collector.testing.FakeBotRest;
import vigie.collector.testing.FakeDiscord;
import vigie.collector.testing.FakeDiscord.Fault;
import vigie.collector.testing.FakeDiscord.Kind;

/** Cards, threads and escalations of a bot before a fake Discord, without any gateway. */
class BotDeliveryTest {
  private static final Alert DOWN = Alerts.firing("ProbeDown", "p1");

  private Rig rig;

  @BeforeEach
  void open() throws IOException {
    rig = new Rig().bot();
  }

  @AfterEach
  void close() {
    assertThat(rig.fake.violations()).isEmpty();
    rig.close();
  }

  private static List<String> buttons(FakeDiscord.Message card) {
    List<String> labels = new ArrayList<>();
    for (JsonNode button : card.body().path("components").path(0).path("components")) {
      labels.add(button.path("label").asText());
      assertThat(CardButton.parse(button.path("custom_id").asText())).isPresent();
    }
    return labels;
  }

  private String incident() {
    return rig.outbox.open().get(0).incident();
  }

  private void tell(Message message) {
    rig.outbox.tell(message);
    rig.settle();
    rig.pass(Duration.ofSeconds(3));
  }

  private List<FakeDiscord.Message> inThread() {
    return rig.rest.messages(rig.fake.messages().get(0).id());
  }

  @Test
  void givenFiringAlert_whenItResolves_thenOneCardIsEditedAndItsButtonsGo() {
    rig.start().accept(DOWN);
    FakeDiscord.Message card = rig.onlyMessage();
    assertThat(card.title()).contains("FIRING", "ProbeDown");
    assertThat(buttons(card))
        .containsExactly(
            "Acknowledge", "Silence 1 h", "Silence 4 h", "Silence until resolved", "Show log");
    assertThat(rig.requests("POST").get(0).body())
        .contains("\"enforce_nonce\":true", "\"allowed_mentions\":{\"parse\":[]");
    rig.accept(Alerts.resolved(DOWN));
    rig.pass(Duration.ofSeconds(3));
    card = rig.rest.messages(FakeBotRest.CHANNEL).get(0);
    assertThat(card.title()).contains("Resolved");
    assertThat(buttons(card)).containsExactly("Show log");
    assertThat(card.edits()).isEqualTo(1);
    assertThat(rig.rest.messages(FakeBotRest.CHANNEL)).hasSize(1);
  }

  @Test
  void givenLostAnswer_whenPostedAgain_thenDiscordKnowsTheNonceAndTheCardIsUpToDate() {
    rig.fake.fail(Fault.of(Kind.CUT));
    rig.start();
    rig.dispatcher.accept(List.of(DOWN));
    rig.settle();
    rig.accept(Alerts.resolved(DOWN));
    rig.pass(Duration.ofSeconds(10));
    assertThat(rig.rest.messages(FakeBotRest.CHANNEL)).hasSize(1);
    FakeDiscord.Message card = rig.fake.messages().get(0);
    assertThat(rig.rest.nonceHits()).isEqualTo(1);
    assertThat(card.text()).contains("Resolved").doesNotContain("may replace");
    assertThat(rig.outbox.pending()).isEmpty();
  }

  @Test
  void givenCardThatCannotBeDrawn_whenPosting_thenASmallerOneGoesOutWithThePing() {
    rig.cards =
        wanted -> {
          throw new IllegalStateException("BUG");
        };
    rig.start().accept(DOWN);
    rig.pass(Duration.ofSeconds(2));
    assertThat(rig.onlyMessage().text()).contains("refused the whole card");
    assertThat(rig.onlyMessage().pings()).containsExactly("9");
    assertThat(buttons(rig.onlyMessage())).hasSize(5);
  }

  @Test
  void givenCardDeletedByHand_whenItChanges_thenPostedAnewUnderAnotherNonce() {
    rig.start().accept(DOWN);
    rig.fake.delete(rig.onlyMessage().id());
    rig.accept(Alerts.firing("ProbeDown", "p1", "127.0.0.1:80", "web is down"));
    assertThat(rig.rest.messages(FakeBotRest.CHANNEL)).hasSize(2);
    assertThat(rig.rest.nonceHits()).isZero();
    assertThat(rig.fake.messages().get(1).text()).contains("replaces one");
  }

  @Test
  void givenMessagesBesideTheCard_whenTold_thenInOneThreadWithoutAPing() {
    rig.start().accept(DOWN);
    tell(
        Message.of(incident(), "n1", Message.Kind.NOTE, Instant.EPOCH, "ann", "looking @everyone"));
    tell(Message.of(incident(), "a1", Message.Kind.ACK, Instant.EPOCH, "ann", ""));
    assertThat(rig.rest.threads()).hasSize(1);
    assertThat(rig.rest.threads().values()).containsExactly("ProbeDown on p1");
    assertThat(inThread()).hasSize(2);
    assertThat(inThread()).allMatch(message -> message.pings().isEmpty());
    assertThat(rig.requests("POST").stream().filter(r -> r.path().endsWith("/threads"))).hasSize(1);
  }

  @Test
  void givenThreadFromBeforeARestart_whenAMessageIsTold_thenItGoesThere() {
    rig.start().accept(DOWN);
    tell(Message.of(incident(), "n1", Message.Kind.NOTE, Instant.EPOCH, "ann", "one"));
    rig.restart(List.of(DOWN));
    rig.settle();
    tell(Message.of(incident(), "n2", Message.Kind.NOTE, Instant.EPOCH, "ann", "two"));
    assertThat(rig.rest.threads()).hasSize(1);
    assertThat(inThread()).hasSize(2);
  }

  @Test
  void givenEscalation_whenTold_thenItIsAReplyInTheChannelThatPingsItsRoles() {
    rig.start().accept(DOWN);
    Message escalation =
        new Message(
            incident(),
            "e1",
            Message.Kind.ESCALATION,
            Instant.EPOCH,
            Severity.CRITICAL,
            "",
            "",
            List.of());
    tell(escalation);
    List<FakeDiscord.Message> channel = rig.rest.messages(FakeBotRest.CHANNEL);
    assertThat(channel).hasSize(2);
    assertThat(channel.get(1).pings()).containsExactly("9");
    assertThat(rig.requests("POST").get(1).body())
        .contains("\"message_id\":\"" + channel.get(0).id());
  }

  @Test
  void givenNoMoreThreads_whenAMessageIsTold_thenItIsAReplyInTheChannel() {
    rig.start().accept(DOWN);
    rig.fake.fail(Fault.status(400, 160006));
    tell(Message.of(incident(), "n1", Message.Kind.NOTE, Instant.EPOCH, "ann", "one"));
    assertThat(rig.rest.threads()).isEmpty();
    assertThat(rig.rest.messages(FakeBotRest.CHANNEL)).hasSize(2);
    assertThat(rig.outbox.pending()).isEmpty();
  }

  @Test
  void givenNoHistoryPermission_whenItReplies_thenWithoutAReference() {
    rig.start().accept(DOWN);
    rig.fake.fail(Fault.status(400, 160006));
    rig.fake.fail(Fault.status(403, 160002));
    tell(Message.of(incident(), "n1", Message.Kind.NOTE, Instant.EPOCH, "ann", "one"));
    assertThat(rig.rest.messages(FakeBotRest.CHANNEL)).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "404, 10003, channel 42 is gone",
    "401, 0, token_file",
    "403, 50013, permissions in channel 42",
    "403, 50001, permissions in channel 42"
  })
  void givenRefusalForGood_whenPosting_thenStuckWithWhatToDoAndProbedRarely(
      int status, int code, String hint) {
    rig.fake.fail(Fault.status(status, code).times(100));
    rig.start().accept(DOWN);
    rig.passLong(Duration.ofMinutes(30));
    PendingCard stuck = rig.onlyPending();
    assertThat(stuck.state()).isEqualTo(PendingCard.State.STUCK);
    assertThat(stuck.lastError()).contains(hint);
    assertThat(rig.requests("POST")).hasSizeLessThan(5);
  }

  @Test
  void givenTokenFileThatIsWrong_whenItIsRight_thenTheCardGoesOut() throws IOException {
    Path file = Files.createTempFile("token", "");
    try {
      Files.writeString(file, "Bot " + Rig.TOKEN);
      rig.botToken = Secret.inFile(file);
      rig.start().accept(DOWN);
      assertThat(rig.onlyPending().lastError()).contains("\"Bot\" before it");
      Files.writeString(file, " " + Rig.TOKEN + "\n");
      rig.passLong(Duration.ofMinutes(2));
      assertThat(rig.onlyMessage().title()).contains("FIRING");
    } finally {
      Files.delete(file);
    }
  }
}
