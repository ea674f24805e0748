package vigie.collector.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class TextQueryTest {
  /** Texts of ASCII are compared as they are; the folded text is what they must be like. */
  @Test
  void givenTextsAtRandom_whenMatched_thenAsTheFoldedTextSays() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    int met = 0;
    for (int i = 0; i < 200_000; i++) {
      String text = some(random, 12, "aAb1 -.");
      String asked =
          "\"" + some(random, 5, "aB1 .") + "a" + (random.nextBoolean() ? "*" : "") + "\"";
      TextQuery query = TextQuery.parse(asked);
      boolean expected = TextQuery.fold(text).contains(query.terms().get(0).needle());
      assertThat(query.matches(text))
          .as("seed %d: %s in \"%s\"", seed, asked, text)
          .isEqualTo(expected);
      assertThat(query.matches(text + " \u00e9"))
          .isEqualTo(TextQuery.fold(text + " \u00e9").contains(query.terms().get(0).needle()));
      met += expected ? 1 : 0;
    }
    assertThat(met).isGreaterThan(1_000);
  }

  private static String some(Random random, int most, String of) {
    StringBuilder out = new StringBuilder();
    for (int i = random.nextInt(most); i > 0; i--) {
      out.append(of.charAt(random.nextInt(of.length())));
    }
    return out.toString();
  }
}
