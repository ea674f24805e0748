package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.testing.FakeDiscordRules;

class DiscordLimitsTest {
  private static final String[] PIECES = {
    "word ", "\n", "😀", "x", "```", "\\*", "é", " ", "0123456789", "a long and winding road\n"
  };

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static String text(Random random, int most) {
    StringBuilder text = new StringBuilder("t");
    int length = random.nextInt(3) == 0 ? random.nextInt(20) : random.nextInt(most);
    while (text.length() < length) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  private static ObjectNode message(Random random) {
    ObjectNode message = object();
    message.put("content", random.nextBoolean() ? "" : text(random, 5_000));
    ArrayNode embeds = message.putArray("embeds");
    for (int i = random.nextInt(12); i >= 0; i--) {
      ObjectNode embed = embeds.addObject();
      embed.put("title", text(random, 600));
      embed.put("description", text(random, 9_000));
      embed.putObject("footer").put("text", text(random, 3_000));
      embed.putObject("author").put("name", text(random, 400));
      ArrayNode fields = embed.putArray("fields");
      for (int f = random.nextInt(40); f > 0; f--) {
        fields
            .addObject()
            .put("name", random.nextInt(9) == 0 ? " " : text(random, 400))
            .put("value", random.nextInt(9) == 0 ? "" : text(random, 2_000));
      }
    }
    return message;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void givenMessageOfAnySize_whenFitted_thenDiscordTakesIt(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 150; round++) {
      ObjectNode message = message(random);

      DiscordLimits.fit(message);

      assertThat(FakeDiscordRules.refuse(message, true)).as("seed %d", seed).isNull();
      assertThat(message.toString()).doesNotContain("\"dropped\"");
    }
  }

  @Test
  void givenMessageWithinLimits_whenFitted_thenNotTouched() {
    ObjectNode message = object().put("content", "x".repeat(2_000));
    ObjectNode embed = message.putArray("embeds").addObject();
    embed.put("title", "😀".repeat(256)).put("description", "y".repeat(4_096));
    ObjectNode before = message.deepCopy();

    DiscordLimits.fit(message);

    assertThat(message).isEqualTo(before);
  }

  @Test
  void givenLines_whenCut_thenAtTheEndOfOne() {
    String cut = DiscordLimits.cut("this is a line\n".repeat(50), 200);

    assertThat(cut).hasSizeLessThanOrEqualTo(200).endsWith("this is a line…");
  }

  @Test
  void givenCodeBlock_whenCut_thenItsFenceIsClosed() {
    String cut = DiscordLimits.cut("log:\n```\n" + "a line of a log\n".repeat(100) + "```", 300);

    assertThat(cut).hasSizeLessThanOrEqualTo(300).endsWith("a line of a log\n…```");
    assertThat(cut.split("```", -1)).hasSize(3);
  }

  @Test
  void givenMoreFieldsThanFit_whenFitted_thenTheLastSaysHowMany() {
    ObjectNode message = object();
    ArrayNode fields = message.putArray("embeds").addObject().put("title", "t").putArray("fields");
    for (int i = 0; i < 61; i++) {
      fields.addObject().put("name", "n" + i).put("value", "v");
    }

    DiscordLimits.fit(message);

    assertThat(fields).hasSize(25);
    assertThat(fields.get(24).path("value").asText()).startsWith("… and 37 more");
  }
}
