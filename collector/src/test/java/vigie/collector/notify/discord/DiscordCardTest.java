package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.card.CardContext;
import vigie.collector.card.Picture;
import vigie.collector.card.Texts;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Predecessor;
import vigie.collector.testing.FakeDiscordRules;

class DiscordCardTest {
  private static final Alert DOWN = Alerts.firing("ProbeDown", "p1");

  private static Notification notification(List<Alert> alerts, int firing, int resolved) {
    Alert first = alerts.get(0);
    return new Notification(
        "0123abcd",
        "{}:{}",
        "discord",
        Labels.EMPTY,
        first.labels(),
        first.annotations(),
        alerts,
        firing,
        resolved,
        Alerts.START,
        Alerts.START.plusSeconds(1));
  }

  private static JsonNode message(Notification wanted, int reduction) {
    return message(wanted, reduction, CardContext.NONE, Texts.ENGLISH).body();
  }

  private static DiscordMessage message(
      Notification wanted, int reduction, CardContext context, Texts texts) {
    Delivery delivery = new Delivery(wanted, null, Predecessor.PERHAPS, reduction);
    return DiscordCard.message(delivery, context, texts);
  }

  private static JsonNode embed(Notification wanted) {
    return message(wanted, 0).path("embeds").path(0);
  }

  @Test
  void givenFiringAlert_whenDrawn_thenItSaysWhatWhereWhyAndSinceWhen() {
    JsonNode embed = embed(notification(List.of(DOWN), 1, 0));

    assertThat(embed.path("title").asText()).isEqualTo("🔴 FIRING: ProbeDown on p1");
    assertThat(embed.path("description").asText())
        .isEqualTo(
            """
            **it is down**
            **Where** p1 · 127.0.0.1:13337
            **Since** <t:1767225590:R> · <t:1767225590:f>
            **How bad** critical
            **Why** connection refused
            **Last events**
            <t:1767225590:T> calculatrice is down""");
    assertThat(embed.path("color").asInt()).isEqualTo(0xd83a3a);
  }

  @Test
  void givenFrench_whenDrawn_thenItIsFrench() {
    Notification wanted = notification(List.of(Alerts.resolved(DOWN)), 0, 1);

    JsonNode message = message(wanted, 0, CardContext.NONE, Texts.in("fr", "")).body();

    JsonNode embed = message.path("embeds").path(0);
    assertThat(embed.path("title").asText()).isEqualTo("✅ Résolu : ProbeDown sur p1");
    assertThat(embed.path("description").asText())
        .contains("**Où** p1", "**Durée** 12m30s, du <t:1767225590:f>", "**Cause** connection");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      value = {
        "FALLBACK ¦ en ¦ ⚠️ This card is here because receiver first did not take it: Discord answers 404",
        "RELIEVED ¦ en ¦ Receiver first works again and has its own card; it pinged nobody",
        "FALLBACK ¦ fr ¦ ⚠️ Cette carte est ici parce que le destinataire first ne l’a pas prise : Discord",
        "OWN      ¦ en ¦ **it is down**"
      })
  void givenCardThatStandsIn_whenDrawn_thenItSaysForWhom(
      Notifier.Standing.Role role, String language, String begin) {
    Delivery delivery =
        new Delivery(
            notification(List.of(DOWN), 1, 0),
            null,
            Predecessor.NONE,
            0,
            "nonce",
            null,
            new Notifier.Standing(role, "first", "Discord answers 404"),
            null);

    JsonNode message =
        DiscordCard.message(delivery, CardContext.NONE, Texts.in(language, "")).body();

    assertThat(message.path("embeds").path(0).path("description").asText()).startsWith(begin);
  }

  @Test
  void givenResolvedAlert_whenDrawn_thenItIsGreenAndSaysHowLongItLasted() {
    JsonNode embed = embed(notification(List.of(Alerts.resolved(DOWN)), 0, 1));

    assertThat(embed.path("title").asText()).isEqualTo("✅ Resolved: ProbeDown on p1");
    assertThat(embed.path("color").asInt()).isEqualTo(0x2e9e5b);
    assertThat(embed.path("description").asText())
        .contains(
            "**Lasted** 12m30s, from <t:1767225590:f> to <t:1767226340:f>",
            "**Why** connection refused",
            "<t:1767225590:T> calculatrice is down\n<t:1767226340:T> calculatrice answers");
  }

  @Test
  void givenMoreAlertsThanFit_whenDrawn_thenItSaysHowManyMore() {
    List<Alert> alerts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      alerts.add(Alerts.firing("ProbeDown", "p1", "127.0.0.1:" + i, "down"));
    }

    JsonNode embed = embed(notification(alerts, 103, 4));

    assertThat(embed.path("title").asText()).contains("103 alerts");
    assertThat(embed.path("description").asText())
        .contains("… and 99 more", "**Alerts** 103 firing, 4 over");
  }

  @Test
  void givenMoreThanFits_whenDrawn_thenALinkLeadsToTheRest(@TempDir Path folder)
      throws IOException {
    List<Alert> alerts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      alerts.add(Alerts.firing("ProbeDown", "p1", "127.0.0.1:" + i, "down"));
    }
    Texts shipped = Texts.in("en", "https://vigie.example");
    assertThat(text(notification(alerts, 103, 4), shipped))
        .contains("… and 99 more · [all of it](https://vigie.example/)");

    Path own =
        Files.writeString(
            folder.resolve("own.tmpl"),
            "{{ define \"card.text\" }}{{ range 900 }}another line\n{{ end }}{{ end }}");
    Section top = Yaml.parse(folder.resolve("c.yaml"), "language: fr", Map.of(), new Faults());
    Texts wordy = Texts.read(top, List.of(own), "https://vigie.example");
    assertThat(text(notification(List.of(DOWN), 1, 0), wordy))
        .endsWith(
            "line\n…\n[tout voir](https://vigie.example/#/incident/" + DOWN.fingerprint() + ")");
  }

  private static String text(Notification wanted, Texts texts) {
    JsonNode message = message(wanted, 0, CardContext.NONE, texts).body();
    assertThat(FakeDiscordRules.refuse(message, true)).isNull();
    return message.path("embeds").path(0).path("description").asText();
  }

  @Test
  void givenPicture_whenDrawn_thenItGoesAlongAndTheEmbedShowsIt() {
    CardContext context =
        new CardContext(CardContext.NONE.measures(), List.of(), new Picture(new byte[] {1, 2, 3}));
    Notification wanted = notification(List.of(DOWN), 1, 0);

    DiscordMessage message = message(wanted, 0, context, Texts.ENGLISH);

    assertThat(message.contentType()).startsWith("multipart/form-data; boundary=");
    assertThat(message.body().path("embeds").path(0).path("image").path("url").asText())
        .isEqualTo("attachment://graph.png");
    assertThat(message.body().path("attachments").toString())
        .isEqualTo("[{\"id\":0,\"filename\":\"graph.png\"}]");
    DiscordMessage reduced = message(wanted, 1, context, Texts.ENGLISH);
    assertThat(reduced.contentType()).isEqualTo("application/json");
    assertThat(reduced.body().path("attachments").size()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"critical,🔴", "warning,🟠", "info,🔵", "whatever,🟠", "'',🟠"})
  void givenSeverity_whenDrawn_thenTheSignShowsIt(String severity, String sign) {
    Alert alert =
        new Alert(
            DOWN.labels().with("severity", severity),
            Labels.EMPTY,
            AlertState.FIRING,
            Alerts.START,
            Alerts.START,
            null,
            Alerts.START,
            1,
            "",
            List.of());

    assertThat(embed(notification(List.of(alert), 1, 0)).path("title").asText()).startsWith(sign);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      value = {
        "@everyone                     ¦ @\u200beveryone",
        "<@&123> <#1> <t:1:R>          ¦ <\u200b@\u200b&123> <\u200b#1> <\u200bt:1:R>",
        "[click](http://evil.example)  ¦ \\[click]\u200b(http://evil.example)",
        "a `code` b                    ¦ a ˋcodeˋ b",
        "```fence                      ¦ ˋˋˋfence",
        "join discord.gg/abc now       ¦ join discord\u200b.gg/abc now",
        "DISCORD.COM/invite/x          ¦ DISCORD\u200b.COM/invite/x",
        "node_exporter _it_ **b**      ¦ node_exporter \\_it\\_ \\*\\*b\\*\\*",
        "~~no~~ ||spoiler|| a|b ~      ¦ \\~\\~no\\~\\~ \\|\\|spoiler\\|\\| a|b ~",
        "# head                        ¦ \\# head",
        "> quote                       ¦ \\> quote",
        "- list                        ¦ \\- list",
        "C:\\dir                       ¦ C:\\\\dir"
      })
  void givenTextFromOutside_whenShown_thenItMeansNothingToDiscord(String text, String shown) {
    assertThat(DiscordText.plain(text, 200)).isEqualTo(shown);
  }

  @Test
  void givenControlAndInvisibleCharacters_whenShown_thenTheyAreGone() {
    assertThat(DiscordText.plain("a\nb\u0000c\u202ed\u200be\ud800f", 50)).isEqualTo("a b cdef");
    assertThat(DiscordText.code("a`b\u001b[31m", 50)).isEqualTo("aˋb [31m");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 9, 10})
  void givenLongText_whenCut_thenByCodePointsWithAnEllipsis(int most) {
    String cut = DiscordText.plain("😀*😀_😀@😀`", most);

    assertThat(cut.codePointCount(0, cut.length())).isLessThanOrEqualTo(most);
    assertThat(cut).endsWith("…").doesNotEndWith("\\…");
  }

  /** Nasty texts of all lengths everywhere: Discord takes every card. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void givenAnyText_whenDrawn_thenDiscordTakesItAndNobodyIsPinged(long seed) {
    Random random = new Random(seed);
    Pattern live = Pattern.compile("@everyone|@here|<@|<#|\\]\\((?!https://vigie)|discord\\.gg");
    for (int round = 0; round < 100; round++) {
      List<Alert> alerts = new ArrayList<>();
      int count = 1 + random.nextInt(20);
      for (int i = 0; i < count; i++) {
        Alert alert = Alerts.firing(nasty(random), nasty(random), nasty(random), nasty(random));
        List<Event> events = new ArrayList<>();
        for (int e = 0; e < random.nextInt(6); e++) {
          events.add(
              Alerts.event(
                  nasty(random),
                  Instant.ofEpochSecond(1_700_000_000 + random.nextInt(1_000_000)),
                  nasty(random),
                  nasty(random),
                  nasty(random),
                  nasty(random)));
        }
        Alert with =
            new Alert(
                alert.labels(),
                alert.annotations(),
                alert.state(),
                alert.activeAt(),
                alert.firedAt(),
                null,
                alert.knownAt(),
                1,
                "",
                events);
        alerts.add(random.nextBoolean() ? with : Alerts.firing("A", "p", "t", nasty(random)));
      }
      CardContext context =
          new CardContext(CardContext.NONE.measures(), changes(random), new Picture(new byte[9]));
      Texts texts = Texts.in(round % 2 == 0 ? "en" : "fr", "https://vigie.example");
      for (int reduction = 0; reduction <= 2; reduction++) {
        boolean single = random.nextInt(3) == 0;
        Notification wanted =
            single
                ? notification(alerts.subList(0, 1), 1, 0)
                : notification(alerts, 1_000_000, 1_000_000);
        JsonNode message = message(wanted, reduction, context, texts).body();
        assertThat(FakeDiscordRules.refuse(message, true)).as("seed %d", seed).isNull();
        assertThat(FakeDiscordRules.pings(message)).isEmpty();
        JsonNode embed = message.path("embeds").path(0);
        assertThat(embed.path("title").asText() + embed.path("description").asText())
            .doesNotContainPattern(live);
        assertThat(embed.path("description").asText().split("```", -1).length % 2).isOne();
      }
    }
  }

  private static List<Event> changes(Random random) {
    List<Event> changes = new ArrayList<>();
    for (String pattern : List.of("dpkg.upgraded", "changes.deploy", "changes.reload")) {
      Map<String, String> fields =
          Map.of(
              "pattern",
              pattern,
              "package",
              nasty(random),
              "to",
              nasty(random),
              "what",
              nasty(random),
              "repeated",
              nasty(random),
              "service",
              nasty(random));
      changes.add(
          new Event(
              Alerts.START,
              Alerts.START,
              "p1",
              1,
              5,
              "vigie",
              "log.match",
              fields,
              nasty(random),
              null));
    }
    return changes;
  }

  /** What a scrape limit let through, or another server sent. */
  @Test
  void givenTenMegabytes_whenDrawn_thenCutAndAtOnce() {
    String huge = "@everyone ](http://x ".repeat(500_000);
    Alert alert = Alerts.firing(huge, huge, huge, huge);

    JsonNode message = message(notification(List.of(alert), 1, 0), 0);

    assertThat(FakeDiscordRules.refuse(message, true)).isNull();
    assertThat(message.toString()).hasSizeLessThan(8_000).doesNotContain("@everyone", "](");
  }

  @Test
  void givenTemplatesOfTheUser_whenTheyMakeTooMuchOrMention_thenDiscordTakesTheCard(
      @TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("own.tmpl"),
            """
            {{ define "card.title" }}{{ range 400 }}@everyone {{ end }}{{ end }}
            {{ define "card.text" }}{{ range 900 }}@here <@1> discord.gg/x ```
            {{ end }}{{ end }}
            {{ define "card.footer" }}{{ range 900 }}@here {{ end }}{{ end }}
            """);
    Section top = Yaml.parse(folder.resolve("c.yaml"), "", Map.of(), new Faults());
    Texts texts = Texts.read(top, List.of(file), "");

    JsonNode message =
        message(notification(List.of(DOWN), 1, 0), 0, CardContext.NONE, texts).body();

    assertThat(FakeDiscordRules.refuse(message, true)).isNull();
    assertThat(message.toString()).doesNotContain("@everyone", "@here", "<@", "discord.gg");
    String text = message.path("embeds").path(0).path("description").asText();
    assertThat(text.split("```", -1).length % 2).isOne();
    assertThat(text).endsWith("…");
  }

  private static String nasty(Random random) {
    String[] pieces = {
      "@everyone",
      "<@123>",
      "```",
      "](http://x)",
      "[a",
      "discord.gg/x",
      "\n",
      "\u202e",
      "😀",
      "*",
      "_",
      "\\",
      "x".repeat(50),
      "é",
      "\u0000",
      "||",
      "<t:1:R>",
      "#",
      " ",
      "0123456789 ",
      "ــــ",
      "\u202e\u2066\u200f",
      "\u200b\u200d\ufeff",
      "discord.com/invite/x",
      "</cmd:1>",
      "<id:home>",
      "](https://evil.example)",
      "`",
      "~~~",
      "🏴\u200d☠️"
    };
    StringBuilder text = new StringBuilder("n");
    int length = random.nextInt(4) == 0 ? random.nextInt(300) : random.nextInt(6);
    for (int i = 0; i < length; i++) {
      text.append(pieces[random.nextInt(pieces.length)]);
    }
    return text.toString();
  }
}
