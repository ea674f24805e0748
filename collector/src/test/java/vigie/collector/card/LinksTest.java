package vigie.collector.card;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.dispatch.Matchers;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

class LinksTest {
  private static final String BASE = "https://vigie.example/sub/";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "node",
        "_x9",
        "host.name",
        "été",
        "0a",
        "a b",
        "with\"quote",
        "with\\slash",
        "a:b"
      })
  void givenLabelOfAnyName_whenLinked_thenWhatReadsMatchersReadsThatLabel(String name) {
    for (String value :
        new String[] {"p1", "a,b", "say \"no\"", "C:\\new", "two\nlines", "}", "é✓", "&x=%20#+"}) {
      Labels labels = Labels.of("alertname", "Down", name, value);

      String link = Links.silence(BASE, labels);

      String query = URI.create(link).getQuery(); // decoded
      assertThat(link).startsWith("https://vigie.example/sub/silence?filter=%7B");
      assertThat(Matchers.parse(query.substring("filter=".length())))
          .containsExactlyInAnyOrder(
              new LabelMatcher(LabelMatcher.Op.EQUAL, "alertname", "Down"),
              new LabelMatcher(LabelMatcher.Op.EQUAL, name, value));
    }
  }

  @Test
  void givenExpression_whenLinked_thenItIsTheGraphsAndNothingOfItEndsTheLink() {
    String link = Links.graph("http://pi4:9337", "rate(x{a=~\"b|c\"}[5m]) > 1 # ) <");

    assertThat(link).startsWith("http://pi4:9337/graph?g0.expr=").endsWith("&g0.tab=0");
    assertThat(link).doesNotContain("(", ")", "<", ">", " ", "|");
    assertThat(URI.create(link).getQuery())
        .isEqualTo("g0.expr=rate(x{a=~\"b|c\"}[5m]) > 1 # ) <&g0.tab=0");
  }

  @Test
  void givenNoExternalUrl_whenLinked_thenNoLink() {
    assertThat(Links.silence("", Labels.of("node", "p1"))).isEmpty();
    assertThat(Links.graph("/", "up")).isEmpty();
  }

  /** Without one of its labels a silence would hold back more than the card is about. */
  @Test
  void givenLabelsThatAreTooLong_whenLinked_thenNoLinkRatherThanSomeOfThem() {
    assertThat(Links.silence(BASE, Labels.of("node", "x".repeat(600)))).isEmpty();
  }
}
