package vigie.collector.bot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import vigie.collector.node.NodeState;

/** What the bot says in English it says in French, too. */
class WordsTest {
  /** A literal, or several that are joined, as the first parameter. */
  private static final Pattern SAID =
      Pattern.compile("\\.of\\(\\s*(\"(?:[^\"\\\\]|\\\\.)*\"(?:\\s*\\+\\s*\"[^\"]*\")*)\\s*[,)]");

  private static final Pattern VALUE = Pattern.compile("\\{[0-9]}");

  private static Set<String> said() throws IOException {
    Path sources =
        Path.of(System.getProperty("vigie.root"), "collector/src/main/java/vigie/collector/bot");
    Set<String> all = new TreeSet<>();
    try (Stream<Path> files = Files.list(sources)) {
      for (Path file : files.toList()) {
        Matcher matcher = SAID.matcher(Files.readString(file));
        while (matcher.find()) {
          all.add(matcher.group(1).replaceAll("\"\\s*\\+\\s*\"", "").replaceAll("^\"|\"$", ""));
        }
      }
    }
    for (String what : new String[] {"Already silenced by {0}", "Silenced {0}"}) {
      all.add(what + " until it is resolved (at the latest {1}).");
      all.add(what + ", ends {1}.");
    }
    Stream.of(NodeState.values()).map(NodeState::word).forEach(all::add);
    return all;
  }

  @Test
  void givenFrench_whenHeldAgainstTheSources_thenAllIsTranslatedAndNothingElse()
      throws IOException {
    assertThat(Words.in("fr").translated().keySet()).containsExactlyInAnyOrderElementsOf(said());
  }

  @Test
  void givenFrench_whenHeldAgainstEnglish_thenTheSameValuesStandInEach() {
    Words.in("fr")
        .translated()
        .forEach(
            (english, french) -> assertThat(values(french)).as(english).isEqualTo(values(english)));
  }

  private static Set<String> values(String text) {
    return VALUE.matcher(text).results().map(r -> r.group()).collect(Collectors.toSet());
  }

  @Test
  void givenValuesThatLookLikePlaces_whenFilledIn_thenTheyStay() {
    assertThat(Words.ENGLISH.of("No events of {0} since {1}.", "{1}", "now {"))
        .isEqualTo("No events of {1} since now {.");
    assertThat(Words.in("fr").of("not translated {0}", 3)).isEqualTo("not translated 3");
  }
}
