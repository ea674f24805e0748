package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import vigie.collector.card.CardContext;
import vigie.collector.card.Texts;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;
import vigie.collector.outbox.Notifier.Telling;

/** Draws a message beside a card. What comes from outside stands in an embed, made harmless. */
final class DiscordAside {
  private static final int LONGEST = 2_500;
  private static final int LONGEST_NAME = 80;
  private static final int LONGEST_TEXT = 600;
  private static final int LONGEST_LINE = 160;
  private static final int GREY = 0x6b7280;
  private static final int RED = 0xd83a3a;
  private static final int GREEN = 0x2e9e5b;

  private DiscordAside() {}

  /**
   * @param texts gives the words
   * @param link leads to the card; {@code ""} where it stands beside it or none is known
   */
  static ObjectNode message(Telling telling, String link, Texts texts) {
    Message message = telling.message();
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("content", "");
    ObjectNode embed = body.putArray("embeds").addObject();
    StringBuilder text = new StringBuilder(words(telling.wanted(), message, texts));
    if (telling.reduction() == 0) {
      append(text, message);
    }
    if (!link.isEmpty()) {
      String to = DiscordText.plain(texts.word("card.aside.link"), LONGEST_NAME);
      text.append("\n[").append(to).append("](").append(link).append(')');
    }
    String shown = DiscordText.fitting(text.toString(), LONGEST);
    embed.put("description", DiscordText.guarded(shown));
    embed.put("color", colour(message.kind()));
    if (telling.doubtSince() != null) {
      embed.putObject("footer").put("text", texts.word("card.aside.doubt"));
    }
    return body;
  }

  private static void append(StringBuilder text, Message message) {
    if (!message.text().isEmpty()) {
      text.append('\n').append(DiscordText.plain(message.text(), LONGEST_TEXT));
    }
    if (!message.lines().isEmpty()) {
      text.append("\n```\n");
      message
          .lines()
          .forEach(line -> text.append(DiscordText.code(line, LONGEST_LINE)).append('\n'));
      text.append("```");
    }
  }

  private static String words(Notification wanted, Message message, Texts texts) {
    String kind = message.kind().name().toLowerCase(Locale.ROOT);
    for (String change : new String[] {"worse", "more"}) {
      if (message.kind() == Message.Kind.ESCALATION && message.id().startsWith(change + "-")) {
        kind = change;
      }
    }
    return texts
        .of(wanted, CardContext.NONE, DiscordStyle.STYLE)
        .with("Kind", kind)
        .with("By", DiscordText.plain(message.by(), LONGEST_NAME))
        .text("card.aside");
  }

  private static int colour(Message.Kind kind) {
    return switch (kind) {
      case ESCALATION -> RED;
      case RESOLVED -> GREEN;
      case EVENT, ACK, NOTE, HISTORY -> GREY;
    };
  }
}
