package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes any message one that Discord takes, whatever its size: the last guard behind those who draw
 * it. Texts end at a line, else at a word, with an ellipsis; fences that are open there are closed;
 * what is left out of a list is counted. Lengths are in code points, without white space around, as
 * Discord counts. Source: Discord's message resource, embed limits.
 */
final class DiscordLimits {
  private static final int CONTENT = 2_000;
  private static final int EMBEDS = 10;
  private static final int TITLE = 256;
  private static final int DESCRIPTION = 4_096;
  private static final int AUTHOR = 256;
  private static final int FOOTER = 2_048;
  private static final int FIELDS = 25;
  private static final int FIELD_NAME = 256;
  private static final int FIELD_VALUE = 1_024;

  /** All texts of all embeds together. */
  private static final int TOTAL = 6_000;

  /** A text that is cut for the total keeps at least this much. */
  private static final int WORTH_READING = 200;

  /** How many fields one stands for, while counting. */
  private static final String DROPPED = "dropped";

  private static final String FENCE = "```";

  private DiscordLimits() {}

  /** Changes the message where it must. */
  static void fit(ObjectNode message) {
    cut(message, "content", CONTENT);
    if (!(message.path("embeds") instanceof ArrayNode embeds)) {
      return;
    }
    while (embeds.size() > EMBEDS) {
      embeds.remove(embeds.size() - 1);
    }
    for (JsonNode each : embeds) {
      if (each instanceof ObjectNode embed) {
        fitEmbed(embed);
      }
    }
    fitTotal(embeds);
    for (JsonNode embed : embeds) {
      embed.path("fields").forEach(field -> ((ObjectNode) field).remove(DROPPED));
    }
  }

  private static void fitEmbed(ObjectNode embed) {
    cut(embed, "title", TITLE);
    cut(embed, "description", DESCRIPTION);
    if (embed.path("author") instanceof ObjectNode author) {
      cut(author, "name", AUTHOR);
    }
    if (embed.path("footer") instanceof ObjectNode footer) {
      cut(footer, "text", FOOTER);
    }
    if (!(embed.path("fields") instanceof ArrayNode fields)) {
      return;
    }
    for (int i = fields.size() - 1; i >= 0; i--) {
      if (length(fields.get(i), "name") == 0 || length(fields.get(i), "value") == 0) {
        fields.remove(i);
      }
    }
    dropFields(fields, fields.size() - FIELDS);
    for (JsonNode each : fields) {
      if (each instanceof ObjectNode field) {
        cut(field, "name", FIELD_NAME);
        cut(field, "value", FIELD_VALUE);
      }
    }
  }

  /** Drops so many at the end, and one more for the field that says so. */
  private static void dropFields(ArrayNode fields, int surplus) {
    if (surplus <= 0) {
      return;
    }
    int before = 0;
    for (int i = Math.min(surplus + 1, fields.size()); i > 0; i--) {
      JsonNode last = fields.remove(fields.size() - 1);
      before += last.path(DROPPED).asInt(1);
    }
    fields
        .addObject()
        .put("name", "More")
        .put("value", "… and " + before + " more; the collector has all: collector alerts list")
        .put("inline", false)
        .put(DROPPED, before);
  }

  /** First the longest texts are cut, then fields go, then embeds. */
  private static void fitTotal(ArrayNode embeds) {
    int surplus = total(embeds) - TOTAL;
    while (surplus > 0) {
      Text longest = longest(embeds);
      if (longest != null && longest.length > WORTH_READING) {
        cut(longest.in, longest.name, Math.max(WORTH_READING, longest.length - surplus));
      } else {
        shrink(embeds);
      }
      surplus = total(embeds) - TOTAL;
    }
  }

  private static void shrink(ArrayNode embeds) {
    JsonNode last = embeds.get(embeds.size() - 1);
    if (last.path("fields") instanceof ArrayNode fields && fields.size() > 1) {
      dropFields(fields, 1);
    } else if (embeds.size() > 1) {
      embeds.remove(embeds.size() - 1);
    } else {
      throw new IllegalStateException("BUG: one embed of few texts is over the limit");
    }
  }

  private record Text(ObjectNode in, String name, int length) {}

  private static Text longest(ArrayNode embeds) {
    return texts(embeds).stream().max((a, b) -> Integer.compare(a.length, b.length)).orElseThrow();
  }

  private static int total(ArrayNode embeds) {
    return texts(embeds).stream().mapToInt(Text::length).sum();
  }

  private static List<Text> texts(ArrayNode embeds) {
    List<Text> all = new ArrayList<>();
    for (JsonNode embed : embeds) {
      add(all, embed, "title");
      add(all, embed, "description");
      add(all, embed.path("author"), "name");
      add(all, embed.path("footer"), "text");
      for (JsonNode field : embed.path("fields")) {
        add(all, field, "name");
        add(all, field, "value");
      }
    }
    return all;
  }

  private static void add(List<Text> all, JsonNode in, String name) {
    if (in instanceof ObjectNode node && length(in, name) > 0) {
      all.add(new Text(node, name, length(in, name)));
    }
  }

  private static int length(JsonNode in, String name) {
    String text = in.path(name).asText().strip();
    return text.codePointCount(0, text.length());
  }

  private static void cut(ObjectNode in, String name, int most) {
    if (length(in, name) > most) {
      in.put(name, cut(in.path(name).asText().strip(), most));
    }
  }

  /** Up to that many code points, an ellipsis and the end of an open fence among them. */
  static String cut(String text, int most) {
    if (text.codePointCount(0, text.length()) <= most) {
      return text;
    }
    int room = Math.max(0, most - 2 - FENCE.length());
    int end = text.offsetByCodePoints(0, room);
    String head = text.substring(0, end);
    int line = head.lastIndexOf('\n');
    int word = head.lastIndexOf(' ');
    // A boundary that would cost much of the text is none.
    int least = end - end / 4;
    if (line >= least) {
      head = head.substring(0, line);
    } else if (word >= least) {
      head = head.substring(0, word);
    }
    while (!head.isEmpty() && isHalf(head.charAt(head.length() - 1))) {
      head = head.substring(0, head.length() - 1);
    }
    boolean open = head.split(FENCE, -1).length % 2 == 0;
    return head.stripTrailing() + (open ? "\n…" + FENCE : "…");
  }

  /** What must not stand alone before the ellipsis: the beginning of a fence or of an escape. */
  private static boolean isHalf(char c) {
    return c == '`' || c == '\\';
  }
}
