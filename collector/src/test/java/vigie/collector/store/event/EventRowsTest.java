package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventRowsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void givenFieldsOfAnyText_whenWritten_thenJacksonReadsThemAndSoDoWe() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      Map<String, String> fields = new LinkedHashMap<>();
      for (int count = 1 + random.nextInt(4); count > 0; count--) {
        fields.put(text(random), text(random));
      }

      String json = EventRows.json(fields);

      assertThat(JSON.readValue(json, Map.class)).as("seed " + seed).isEqualTo(fields);
      Map<String, String> plain = EventRows.plainFields(json);
      assertThat(plain == null).as(json).isEqualTo(json.contains("\\"));
      assertThat(plain == null ? fields : plain).isEqualTo(fields);
    }
    assertThat(EventRows.json(Map.of())).isNull();
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(5); length > 0; length--) {
      text.append("ab{},:[]' \"\\\n\0\u001féß\u2028".charAt(random.nextInt(18)));
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{}",
        "{\"",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":\"b\"",
        "{\"a\":\"b\",",
        "{\"a\":\"b\"}}",
        "{\"a\":\"b\" }",
        "{\"a\" :\"b\"}",
        "{\"a\":null}",
        "{\"a\":1,\"b\":\"c\"}",
        "[\"a\":\"b\"}",
        "{\"a\":\"\\n\"}"
      })
  void givenWhatIsNotOfPlainStrings_whenReadByHand_thenItIsLeftToJackson(String json) {
    assertThat(EventRows.plainFields(json)).isNull();
  }
}
