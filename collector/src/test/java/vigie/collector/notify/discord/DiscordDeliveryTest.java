package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Secret;
import vigie.collector.alert.Alert;
import vigie.collector.card.CardContext;
import vigie.collector.card.CardSource;
import vigie.collector.card.Picture;
import vigie.collector.card.Texts;
import vigie.collector.outbox.PendingCard;
import vigie.collector.testing.FakeDiscord;
import vigie.collector.testing.FakeDiscord.Fault;
import vigie.collector.testing.FakeDiscord.Kind;
import vigie.collector.testing.FakeDiscord.Message;
import vigie.collector.testing.FakeDiscord.Request;

/** From an alert to its card, whatever Discord answers on the way. */
class DiscordDeliveryTest {
  private static final Pattern OVER = Pattern.compile("(?i)resolved|recovered|back up");
  private static final Alert DOWN = Alerts.firing("ProbeDown", "p1");
  private static final Alert UP = Alerts.resolved(DOWN);

  private Rig rig;

  @BeforeEach
  void open() throws IOException {
    rig = new Rig();
  }

  @AfterEach
  void close() {
    List<String> violations = rig.fake.violations();
    rig.close();
    assertThat(violations).isEmpty();
  }

  @Test
  void givenAlert_whenItFiresAndResolves_thenOneCardIsPostedAndEdited() {
    rig.start();

    rig.accept(DOWN);
    Message posted = rig.onlyMessage();
    assertThat(posted.title()).contains("FIRING", "ProbeDown", "p1").doesNotContainPattern(OVER);
    assertThat(posted.content()).doesNotContainPattern(OVER);
    assertThat(posted.text()).contains("connection refused", "127.0.0.1:13337");

    rig.accept(UP);
    Message edited = rig.onlyMessage();
    assertThat(edited.title()).containsPattern(OVER);
    assertThat(edited.edits()).isEqualTo(1);
    assertThat(rig.requests("POST")).hasSize(1);
    assertThat(rig.fake.requests())
        .allSatisfy(r -> assertThat(r.body()).contains("\"allowed_mentions\":{\"parse\":[]}"));
    assertThat(rig.outbox.pending()).isEmpty();
    assertThat(rig.outbox.history()).hasSize(2);
    assertThat(rig.outbox.open()).isEmpty();
  }

  @Test
  void givenPicture_whenPostedAndEdited_thenItGoesAlongAndAnEditWithoutTakesItAway() {
    Picture picture = new Picture(new byte[] {(byte) 0x89, 'P', 'N', 'G', 0, 13, 10, '-', '-'});
    AtomicReference<Picture> shown = new AtomicReference<>(picture);
    rig.cards = wanted -> new CardContext(CardContext.NONE.measures(), List.of(), shown.get());
    rig.start();

    rig.accept(DOWN);
    assertThat(rig.onlyMessage().text()).contains("attachment://graph.png");
    assertThat(rig.fake.requests().get(0).body()).contains("filename=\"graph.png\"");
    shown.set(null);
    rig.accept(UP);

    assertThat(rig.onlyMessage().title()).containsPattern(OVER);
    assertThat(rig.onlyMessage().text()).doesNotContain("attachment://");
    assertThat(rig.fake.requests().get(1).body()).contains("\"attachments\":[]");
  }

  @Test
  void givenIncidentOver_whenItFiresAgain_thenANewCard() {
    rig.start();
    rig.accept(DOWN);
    rig.accept(UP);
    rig.clock.advance(Duration.ofMinutes(1));

    rig.accept(DOWN);

    assertThat(rig.fake.messages()).hasSize(2);
    assertThat(rig.fake.messages().get(1).title()).contains("FIRING");
  }

  @Test
  void givenCardPosted_whenKilledAndStartedAgain_thenTheSameCardIsEdited() {
    rig.start();
    rig.accept(DOWN);

    rig.restart(List.of(DOWN));
    rig.settle();
    assertThat(rig.fake.requests()).hasSize(1);
    rig.accept(UP);

    assertThat(rig.onlyMessage().title()).containsPattern(OVER);
  }

  @Test
  void givenAlertEndedWhileDown_whenStartedAgain_thenTheCardIsResolved() {
    rig.start();
    rig.accept(DOWN);

    rig.restart(List.of());
    rig.settle();

    assertThat(rig.onlyMessage().title()).containsPattern(OVER);
  }

  @Test
  void givenSecondAlertOfTheGroup_whenItFires_thenTheCardListsBoth() {
    rig.start();
    rig.accept(DOWN);

    rig.accept(Alerts.firing("ProbeDown", "p1", "127.0.0.1:80", "web is down"));

    assertThat(rig.onlyMessage().title()).contains("2 alerts");
    assertThat(rig.onlyMessage().text()).contains("127.0.0.1:80", "127.0.0.1:13337");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.35, 1.0, 2.5, 61.2})
  void givenRateLimit_whenPosting_thenNothingIsAskedBeforeItsEnd(double seconds) {
    rig.fake.fail(Fault.rateLimit(seconds).times(2));
    rig.start();

    rig.accept(DOWN);
    assertThat(rig.onlyPending().lastError()).contains("429");
    rig.pass(Duration.ofMillis((long) (seconds * 2_000) + 6_000));

    assertThat(rig.onlyMessage().title()).contains("FIRING");
    assertThat(rig.requests("POST")).hasSize(3);
  }

  @Test
  void givenRateLimit_whenKilledAndStartedAgain_thenItStillWaits() {
    rig.fake.fail(Fault.rateLimit(30));
    rig.start();
    rig.accept(DOWN);

    rig.restart(List.of(DOWN));
    rig.settle();
    assertThat(rig.requests("POST")).hasSize(1);
    rig.pass(Duration.ofSeconds(31));

    assertThat(rig.onlyMessage().title()).contains("FIRING");
  }

  @Test
  void givenGlobalRateLimit_whenAnotherCardIsDue_thenItWaitsToo() {
    rig.start();
    rig.accept(DOWN);
    rig.fake.fail(Fault.rateLimit(5).everywhere());
    rig.accept(Alerts.firing("ProbeDown", "p2"));

    rig.accept(UP);
    assertThat(rig.requests("PATCH")).isEmpty();
    rig.pass(Duration.ofSeconds(8));

    assertThat(rig.fake.messages()).hasSize(2);
    assertThat(rig.fake.messages().get(0).title()).containsPattern(OVER);
  }

  @Test
  void givenWallBeforeDiscord_whenPosting_thenAMinutePasses() {
    rig.fake.fail(Fault.of(Kind.CLOUDFLARE));
    rig.start();

    rig.accept(DOWN);
    rig.pass(Duration.ofSeconds(59));
    assertThat(rig.fake.requests()).hasSize(1);
    rig.pass(Duration.ofSeconds(3));

    assertThat(rig.onlyMessage().title()).contains("FIRING");
  }

  @Test
  void givenManyCards_whenPosted_thenTheBucketIsNeverOverrun() {
    rig.start();
    for (int i = 0; i < 20; i++) {
      rig.accept(Alerts.firing("ProbeDown", "p" + i));
    }

    rig.pass(Duration.ofSeconds(60));

    assertThat(rig.fake.messages()).hasSize(20);
    assertThat(rig.fake.requests()).allSatisfy(r -> assertThat(r.status()).isEqualTo(200));
  }

  @Test
  void givenLimitOnEdits_whenAnIncidentBegins_thenItsCardDoesNotWaitForThem() {
    rig.start();
    rig.accept(DOWN);
    rig.fake.fail(Fault.rateLimit(40).on("PATCH"));
    rig.accept(UP);

    rig.accept(Alerts.firing("ProbeDown", "p2"));
    rig.pass(Duration.ofSeconds(2));

    assertThat(rig.fake.messages()).hasSize(2);
    assertThat(rig.fake.messages().get(0).title()).contains("FIRING");
    rig.pass(Duration.ofSeconds(40));
    assertThat(rig.fake.messages().get(0).title()).containsPattern(OVER);
  }

  @Test
  void givenTooManyEditsOfAnOldCard_whenOthersChange_thenOnlyThatOneWaits() {
    rig.start();
    rig.accept(DOWN);
    Alert other = Alerts.firing("ProbeDown", "p2");
    rig.accept(other);
    rig.fake.fail(Fault.status(400, 30046).on("PATCH"));
    rig.accept(UP);

    rig.accept(Alerts.resolved(other));
    assertThat(rig.fake.messages().get(0).title()).contains("FIRING");
    assertThat(rig.fake.messages().get(1).title()).containsPattern(OVER);
    rig.pass(Duration.ofSeconds(61));

    assertThat(rig.fake.messages().get(0).title()).containsPattern(OVER);
  }

  @Test
  void givenBodyOf5000Letters_whenPosted_thenItIsCutAndNotRefused() {
    rig.start();

    rig.accept(Alerts.withSummary(DOWN, "a long story ".repeat(400)));

    assertThat(rig.onlyMessage().text()).contains("a long story", "…");
    assertThat(rig.requests("POST")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"500,0", "502,0", "503,0", "504,0", "520,0", "400,130000", "400,20028"})
  void givenTemporaryFault_whenPosting_thenWaitsGrowToAMinuteAndItGoesOutInTheEnd(
      int status, int code) {
    rig.fake.fail(Fault.status(status, code).times(12));
    rig.start();

    rig.accept(DOWN);
    rig.passLong(Duration.ofMinutes(8));

    List<Long> gaps = gapsSeconds(rig.requests("POST"));
    assertThat(gaps).hasSize(12);
    assertThat(gaps).allSatisfy(gap -> assertThat(gap).isBetween(1L, 66L));
    assertThat(gaps.get(11)).isGreaterThanOrEqualTo(45L);
    assertThat(rig.onlyMessage().title()).contains("FIRING");
    assertThat(rig.outbox.pending()).isEmpty();
  }

  private static List<Long> gapsSeconds(List<Request> requests) {
    List<Long> gaps = new ArrayList<>();
    for (int i = 1; i < requests.size(); i++) {
      gaps.add((requests.get(i).nanos() - requests.get(i - 1).nanos()) / 1_000_000_000);
    }
    return gaps;
  }

  @Test
  void givenDiscordAway_whenItIsBack_thenOneCardWithTheNewestState() {
    rig.start();
    rig.fake.away();
    rig.accept(DOWN);
    assertThat(rig.onlyPending().state()).isEqualTo(PendingCard.State.RETRYING);
    assertThat(rig.onlyPending().lastError()).contains("refused");
    for (int i = 0; i < 5; i++) {
      rig.accept(Alerts.firing("ProbeDown", "p1", "127.0.0.1:" + i, "down"));
    }
    rig.passLong(Duration.ofMinutes(2));

    rig.fake.back();
    rig.passLong(Duration.ofMinutes(2));

    assertThat(rig.onlyMessage().title()).contains("6 alerts");
    assertThat(rig.onlyMessage().text()).doesNotContain("may replace");
    assertThat(rig.fake.requests()).hasSize(1);
  }

  @Test
  void givenIncidentThatBeganAndEndedWhileAway_whenDiscordIsBack_thenItIsToldAsOver() {
    rig.start();
    rig.fake.away();
    rig.accept(DOWN);
    rig.accept(UP);

    rig.fake.back();
    rig.passLong(Duration.ofMinutes(2));

    assertThat(rig.onlyMessage().title()).containsPattern(OVER);
    assertThat(rig.outbox.open()).isEmpty();
  }

  @Test
  void givenNoAnswer_whenTenSecondsHavePassed_thenPostedAgainSayingSo() {
    rig.fake.fail(Fault.of(Kind.HANG));
    rig.start();
    rig.dispatcher.accept(List.of(DOWN));
    rig.kick();
    awaitRequests(1);

    rig.clock.advance(Duration.ofSeconds(10));
    rig.settle();
    assertThat(rig.onlyPending().lastError()).contains("no answer within 10s");
    rig.fake.heal();
    rig.pass(Duration.ofSeconds(3));

    assertThat(rig.onlyMessage().text()).contains("may replace");
  }

  private void awaitRequests(int count) {
    Awaitility.await().until(() -> rig.fake.requests().size() >= count);
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"CUT", "STORED_502"})
  void givenAnswerLostAfterStoring_whenPosting_thenTheNewCardSaysThatItMayReplaceOne(Kind kind) {
    rig.fake.fail(Fault.of(kind));
    rig.start();

    rig.accept(DOWN);
    rig.pass(Duration.ofSeconds(3));

    assertThat(rig.fake.messages()).hasSize(2);
    assertThat(rig.fake.messages().get(0).text()).doesNotContain("may replace");
    assertThat(rig.fake.messages().get(1).text()).contains("may replace");
    rig.accept(UP);
    rig.pass(Duration.ofSeconds(2));
    Message last = rig.fake.messages().get(1);
    assertThat(last.title()).containsPattern(OVER);
    assertThat(last.text()).as("the edit keeps saying so").contains("may replace");
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"CUT", "CUT_BEFORE", "STORED_502"})
  void givenAnswerLost_whenEditing_thenItIsEditedAgainAndNothingDoubled(Kind kind) {
    rig.start();
    rig.accept(DOWN);
    rig.fake.fail(Fault.of(kind));

    rig.accept(UP);
    rig.pass(Duration.ofSeconds(3));

    assertThat(rig.onlyMessage().title()).containsPattern(OVER);
  }

  @ParameterizedTest
  @CsvSource({
    "404,10015",
    "404,10003",
    "404,0",
    "401,50027",
    "401,0",
    "403,50001",
    "403,50013",
    "301,0",
    "400,50083",
    "410,0"
  })
  void givenOnlyAPersonCanHelp_whenPosting_thenStuckVisibleAndProbedRarely(int status, int code) {
    rig.fake.fail(Fault.status(status, code).times(3));
    rig.start();

    rig.accept(DOWN);
    PendingCard card = rig.onlyPending();
    assertThat(card.state()).isEqualTo(PendingCard.State.STUCK);
    assertThat(card.lastError()).contains(String.valueOf(status));
    assertThat(Duration.between(rig.clock.now(), card.nextTry())).isEqualTo(Duration.ofMinutes(10));
    assertThat(rig.meters.get("vigie.outbox.stuck").gauge().value()).isEqualTo(1);
    rig.passLong(Duration.ofMinutes(9));
    assertThat(rig.fake.requests()).hasSize(1);
    rig.passLong(Duration.ofMinutes(62));

    assertThat(rig.requests("POST")).hasSize(4);
    assertThat(rig.onlyMessage().title()).contains("FIRING");
  }

  @Test
  void givenStuckWebhook_whenItsFileNamesANewOne_thenTheCardGoesOutSoon(@TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("webhook");
    Files.writeString(file, rig.fake.webhookUrl() + "-wrong\n");
    rig.url(Secret.inFile(file)).start();
    rig.accept(DOWN);
    assertThat(rig.onlyPending().lastError()).contains("401", "50027");

    Files.writeString(file, rig.fake.webhookUrl() + "\n");
    rig.passLong(Duration.ofSeconds(35));

    assertThat(rig.onlyMessage().title()).contains("FIRING");
  }

  @Test
  void givenNoWebhookFile_whenItComes_thenTheCardGoesOut(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("webhook");
    rig.url(Secret.inFile(file)).start();
    rig.accept(DOWN);
    assertThat(rig.onlyPending().lastError()).contains("no such file", file.toString());

    Files.writeString(file, rig.fake.webhookUrl());
    rig.passLong(Duration.ofSeconds(65));

    assertThat(rig.onlyMessage().title()).contains("FIRING");
  }

  @ParameterizedTest
  @CsvSource({"400,50035", "400,50006", "400,50109", "400,200000", "400,50045", "413,40005"})
  void givenRefusedPayload_whenPosting_thenASmallerCardGoesOut(int status, int code) {
    rig.fake.fail(Fault.status(status, code));
    rig.start();

    rig.accept(DOWN);
    rig.pass(Duration.ofSeconds(2));

    assertThat(rig.onlyMessage().title()).contains("FIRING", "ProbeDown");
    assertThat(rig.onlyMessage().text()).contains("refused the whole card");
    assertThat(rig.requests("POST")).hasSize(2);
  }

  @Test
  void givenCardThatCannotBeDrawn_whenPosting_thenASmallerOneGoesOutWithThePing() {
    rig.cards = wanted -> null; // which fails where it is drawn
    rig.insisting().start();

    rig.accept(DOWN);
    assertThat(rig.onlyPending().lastError()).contains("BUG");
    rig.pass(Duration.ofSeconds(2));

    assertThat(rig.onlyMessage().text())
        .contains("refused the whole card")
        .doesNotContain("may replace");
    assertThat(rig.onlyMessage().pings()).containsExactly("777");
    assertThat(rig.requests("POST")).hasSize(1);
    rig.accept(UP);
    rig.pass(Duration.ofSeconds(2));
    assertThat(rig.onlyMessage().title()).containsPattern(OVER);
  }

  @Test
  void givenEverythingRefused_whenPosting_thenThreeTriesAndNoLoop() {
    rig.fake.fail(Fault.status(400, 50035).times(4));
    rig.start();

    rig.accept(DOWN);
    rig.passLong(Duration.ofMinutes(50));
    assertThat(rig.requests("POST")).hasSize(3);
    assertThat(rig.onlyPending().state()).isEqualTo(PendingCard.State.STUCK);

    rig.fake.heal();
    rig.accept(UP);
    assertThat(rig.onlyMessage().title()).containsPattern(OVER);
  }

  @Test
  void givenCardDeletedByHand_whenItChanges_thenPostedOnceMoreAndThenLeftAlone() {
    rig.start();
    rig.accept(DOWN);
    rig.fake.delete(rig.fake.messages().get(0).id());

    rig.accept(Alerts.firing("ProbeDown", "p1", "127.0.0.1:80", "web is down"));
    assertThat(rig.fake.messages()).hasSize(2);
    assertThat(rig.fake.messages().get(1).text()).contains("was deleted");
    rig.fake.delete(rig.fake.messages().get(1).id());
    rig.accept(UP);
    rig.pass(Duration.ofSeconds(5));

    assertThat(rig.fake.messages()).hasSize(2);
    assertThat(rig.outbox.pending()).isEmpty();
  }

  @Test
  void givenTextsThatChangeEachEvaluation_whenTold_thenEditsStayHalfAMinuteApart() {
    rig.start();
    rig.accept(DOWN);
    for (int second = 0; second < 300; second += 5) {
      rig.accept(Alerts.withSummary(DOWN, "for " + second + " seconds"));
      rig.pass(Duration.ofSeconds(5));
    }

    assertThat((double) rig.requests("PATCH").size()).isCloseTo(10, within(1.0));
  }

  @Test
  void givenFaults_whenThereAreManyCards_thenAtMostOneRequestASecond() {
    rig.fake.limits(false);
    rig.fake.fail(Fault.status(500, 0).times(3));
    rig.start();
    for (int i = 0; i < 8; i++) {
      rig.accept(Alerts.firing("ProbeDown", "p" + i));
    }

    rig.pass(Duration.ofSeconds(25));

    assertThat(rig.fake.messages()).hasSize(8);
    assertThat(gapsSeconds(rig.requests("POST")).subList(0, 8))
        .allSatisfy(gap -> assertThat(gap).isGreaterThanOrEqualTo(1));
  }

  @Test
  void givenDiskThatRefuses_whenAnAlertFires_thenTheCardGoesOutAllTheSame() {
    rig.start();
    rig.disk.setSpaceBytes(0);

    rig.accept(DOWN);
    assertThat(rig.onlyMessage().title()).contains("FIRING");
    rig.disk.setSpaceBytes(Long.MAX_VALUE);
    rig.accept(UP);

    assertThat(rig.onlyMessage().title()).containsPattern(OVER);
  }

  @Test
  void givenWebhook_whenFirstLookedAt_thenFailuresAreWordsOnly() throws Exception {
    rig.start();
    DiscordWebhook webhook = webhook(rig.fake.webhookUrl());
    assertThat(webhook.firstLook().toCompletableFuture().get()).isEmpty();
    rig.fake.webhookGone(true);
    assertThat(webhook.firstLook().toCompletableFuture().get())
        .hasValueSatisfying(words -> assertThat(words).contains("404", "10015"));
    rig.fake.away();
    assertThat(webhook.firstLook().toCompletableFuture().get())
        .hasValueSatisfying(words -> assertThat(words).contains("refused"));
  }

  private DiscordWebhook webhook(String url) {
    return new DiscordWebhook(
        "discord",
        new DiscordWebhookConfig(Secret.of(url)),
        new DiscordClient(Runnable::run, rig.clock, rig.clock),
        CardSource.NONE,
        Texts.ENGLISH);
  }

  @Test
  void givenFake_whenMessageIsTooLong_thenItRefusesAsDiscordDoes() throws Exception {
    FakeDiscord fake = rig.fake;
    var client = HttpClient.newHttpClient();
    String body = "{\"embeds\":[{\"title\":\"" + "x".repeat(257) + "\"}]}";
    var answer =
        client.send(
            HttpRequest.newBuilder(URI.create(fake.webhookUrl()))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("50035", "BASE_TYPE_MAX_LENGTH", "\"title\"");
  }
}
