package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.collector.card.SampleCards;
import vigie.collector.card.Texts;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Predecessor;
import vigie.collector.testing.FakeDiscordRules;

/** Draws the pages that deploy/screens.sh takes pictures of, into target/screens. */
class ScreensTest {
  @ParameterizedTest
  @CsvSource({"en, true", "en, false", "fr, true", "fr, false"})
  void givenSampleCards_whenDrawn_thenDiscordTakesThemAndAPageShowsThem(
      String language, boolean dark) throws IOException {
    Path folder = Path.of(System.getProperty("vigie.root", ".."), "collector/target/screens");
    Files.createDirectories(folder);
    Texts texts = Texts.in(language, "https://vigie.example.org");
    for (SampleCards.Sample sample : SampleCards.all()) {
      Delivery delivery = new Delivery(sample.wanted(), null, Predecessor.NONE, 0);
      DiscordMessage message = DiscordCard.message(delivery, sample.context(), texts);
      assertThat(FakeDiscordRules.refuse(message.body(), true)).isNull();
      String page = new MockPage(language.equals("fr"), SampleCards.NOW).of(message, dark);
      String name = sample.name() + "-" + language + (dark ? "-dark" : "-light") + ".html";
      Files.writeString(folder.resolve(name), page);
      assertThat(page).doesNotContain("evil.example'", "**", "&lt;t:", "no value");
    }
  }
}
