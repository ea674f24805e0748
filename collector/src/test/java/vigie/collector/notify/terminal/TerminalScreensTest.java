package vigie.collector.notify.terminal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.card.SampleCards;
import vigie.collector.card.Texts;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Predecessor;

class TerminalScreensTest {
  /** {@code -Dgolden.update=1} writes the page anew. */
  @ParameterizedTest
  @ValueSource(strings = {"en", "fr"})
  void givenSampleCards_whenPrinted_thenAsTheDocumentsShow(String language) throws IOException {
    Path page =
        Path.of(
            System.getProperty("vigie.root", ".."), "docs/screens/terminal-" + language + ".txt");
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    Texts texts = Texts.in(language, "https://vigie.example.org");
    for (SampleCards.Sample sample : SampleCards.all()) {
      PrintStream out = new PrintStream(printed, true, UTF_8);
      new TerminalNotifier(out, Runnable::run, false, wanted -> sample.context(), texts)
          .deliver(new Delivery(sample.wanted(), null, Predecessor.NONE, 0));
    }

    if (System.getProperty("golden.update") != null) {
      Files.createDirectories(page.getParent());
      Files.writeString(page, printed.toString(UTF_8).stripLeading());
    }
    assertThat(printed.toString(UTF_8).stripLeading()).isEqualTo(Files.readString(page));
  }
}
