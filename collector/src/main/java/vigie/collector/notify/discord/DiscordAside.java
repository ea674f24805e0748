package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;
import vigie.collector.outbox.Notifier.Telling;

/** Draws a message beside a card. What comes from outside stands in an embed, made harmless. */
final class DiscordAside {
  private static final int LONGEST_NAME = 80;
  private static final int LONGEST_TEXT = 600;
  private static final int LONGEST_LINE = 160;
  private static final int GREY = 0x6b7280;
  private static final int RED = 0xd83a3a;
  private static final int GREEN = 0x2e9e5b;

  private DiscordAside() {}

  /**
   * @param link leads to the card; {@code ""} where it stands beside it or none is known
   */
  static ObjectNode message(Telling telling, String link) {
    Message message = telling.message();
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("content", "");
    ObjectNode embed = body.putArray("embeds").addObject();
    StringBuilder text = new StringBuilder(words(telling.wanted(), message));
    if (telling.reduction() == 0) {
      append(text, message);
    }
    if (!link.isEmpty()) {
      text.append("\n[To the card](").append(link).append(')');
    }
    embed.put("description", text.toString());
    embed.put("color", colour(message.kind()));
    if (telling.doubtSince() != null) {
      embed.putObject("footer").put("text", "This may have been told already");
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

  private static String words(Notification wanted, Message message) {
    String by = DiscordText.plain(message.by(), LONGEST_NAME);
    return switch (message.kind()) {
      case ESCALATION ->
          message.id().startsWith("worse-")
              ? "🔺 It got worse: " + what(wanted)
              : "🔔 Still firing, and nobody has acknowledged it: "
                  + what(wanted)
                  + ", since <t:"
                  + wanted.firstChange().getEpochSecond()
                  + ":R>";
      case RESOLVED -> "✅ Resolved: " + what(wanted);
      case EVENT -> "What happened: " + what(wanted);
      case ACK -> "👀 Acknowledged" + (by.isEmpty() ? "" : " by " + by) + ": " + what(wanted);
      case NOTE -> "📝 Note" + (by.isEmpty() ? "" : " by " + by) + ": " + what(wanted);
      case HISTORY -> "🕰 Known only now: " + what(wanted);
    };
  }

  private static String what(Notification wanted) {
    String name = DiscordText.plain(wanted.commonLabels().get("alertname"), LONGEST_NAME);
    String node = DiscordText.plain(wanted.commonLabels().get("node"), LONGEST_NAME);
    return "**"
        + (name.isEmpty() ? wanted.firing() + wanted.resolved() + " alerts" : name)
        + "**"
        + (node.isEmpty() ? "" : " on " + node);
  }

  private static int colour(Message.Kind kind) {
    return switch (kind) {
      case ESCALATION -> RED;
      case RESOLVED -> GREEN;
      case EVENT, ACK, NOTE, HISTORY -> GREY;
    };
  }
}
