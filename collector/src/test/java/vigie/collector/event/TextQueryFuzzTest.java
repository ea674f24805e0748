package vigie.collector.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import vigie.base.fuzz.FuzzContract;

/** Any words are a query or are refused in words; a text is found by itself. */
class TextQueryFuzzTest extends FuzzContract {
  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("refused conn* -debug"),
        utf8("\"no route to\" -\"no *\" 10.0.0.1 pg_dump"),
        utf8("Übergröße \"ﬁn\" İstanbul -x \u0301 𝔘𝔫"),
        utf8("\"open"),
        utf8("- * \"\""));
  }

  @Override
  protected void feed(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    String folded = TextQuery.fold(text);
    assertThat(TextQuery.fold(folded)).isEqualTo(folded);
    try {
      TextQuery query = TextQuery.parse(text);
      query.matches(text);
      assertThat(query.terms()).allMatch(term -> !term.words().contains(""));
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getMessage()).isNotBlank();
    }
    String word = folded.strip().split(" ", -1)[0];
    if (!word.isEmpty() && word.length() < 500) {
      assertThat(TextQuery.parse(word).matches(text)).isTrue();
      assertThat(TextQuery.parse(word + "*").matches(text)).isTrue();
      assertThat(TextQuery.parse("-" + word).matches(text)).isFalse();
    }
  }
}
