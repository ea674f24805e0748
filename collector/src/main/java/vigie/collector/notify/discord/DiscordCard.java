package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.card.CardContext;
import vigie.collector.card.CardSource;
import vigie.collector.card.Look;
import vigie.collector.card.Picture;
import vigie.collector.card.Texts;
import vigie.collector.dispatch.Notification;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Outcome;

/**
 * Draws a notification as a message with one embed, whose words come from {@link Texts}. Whatever a
 * template makes, the texts together stay below 6,000 code points, which is the most for all embeds
 * of a message, and mention nobody. Source: Discord's message resource, embed limits.
 */
public final class DiscordCard {
  private static final Logger log = LoggerFactory.getLogger(DiscordCard.class);
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int LONGEST_TITLE = 256;
  private static final int LONGEST_TEXT = 4_000;
  private static final int LONGEST_REST = 700;
  private static final int LONGEST_FOOTER = 300;
  private static final int LONGEST_FAULT = 400;
  private static final int LONGEST_NAME = 80;
  private static final int LONGEST_WHY = 200;

  private static final int GREEN = 0x2e9e5b;
  private static final int GREY = 0x80848e;

  private final Notification wanted;
  private final Texts.Words words;

  private DiscordCard(Delivery delivery, CardContext context, Texts texts) {
    this.wanted = delivery.wanted();
    this.words =
        texts
            .of(wanted, context, DiscordStyle.STYLE)
            .with("Predecessor", delivery.predecessor().name().toLowerCase(Locale.ROOT))
            .with("Standing", delivery.standing().role().name().toLowerCase(Locale.ROOT))
            .with("StandsFor", DiscordText.plain(delivery.standing().other(), LONGEST_NAME))
            .with("StandsWhy", DiscordText.plain(delivery.standing().reason(), LONGEST_WHY))
            .with("Again", delivery.posted() != null);
  }

  /**
   * Gathers, draws and sends. What cannot be drawn was not sent and counts as refused, so that the
   * smaller form goes out, for which nothing is gathered.
   */
  static CompletionStage<Outcome> send(
      Delivery delivery,
      CardSource source,
      Texts texts,
      Function<DiscordMessage, CompletionStage<Outcome>> sender) {
    CompletionStage<CardContext> gathered =
        delivery.reduction() > 0
            ? CompletableFuture.completedFuture(CardContext.NONE)
            : source.gather(delivery.wanted(), delivery.posted() != null);
    return gathered.thenCompose(
        context -> {
          DiscordMessage drawn;
          try {
            drawn = message(delivery, context, texts);
          } catch (RuntimeException bug) {
            log.error("card cannot be drawn incident={}", delivery.wanted().incident(), bug);
            return CompletableFuture.completedFuture(
                new Outcome.Refused("BUG: it cannot be drawn, the log says why"));
          }
          return sender.apply(drawn);
        });
  }

  /**
   * The body of a post or an edit, and the picture that goes with it. The body names every part, so
   * that an edit leaves nothing old: without a picture an edit takes the old one away.
   *
   * @param context what the card says beside its notification
   */
  public static DiscordMessage message(Delivery delivery, CardContext context, Texts texts) {
    DiscordCard card = new DiscordCard(delivery, context, texts);
    ObjectNode message = JSON.objectNode();
    boolean bare = delivery.reduction() >= Delivery.MOST_REDUCTION;
    Picture picture = delivery.reduction() == 0 ? context.picture() : null;
    message.put("content", bare ? card.bareTitle() + ". " + card.words.text("card.refused") : "");
    var embeds = message.putArray("embeds");
    if (!bare) {
      embeds.add(delivery.reduction() == 0 ? card.whole(picture) : card.reduced());
    }
    // On every edit, too: without it Discord looks for mentions again.
    message.putObject("allowed_mentions").putArray("parse");
    var attachments = message.putArray("attachments");
    if (picture != null) {
      attachments.addObject().put("id", 0).put("filename", Picture.FILE);
    }
    return new DiscordMessage(message, picture);
  }

  private ObjectNode whole(@Nullable Picture picture) {
    String title = words.text("card.title").replace('\n', ' ');
    String text = words.text("card.text");
    String standing = words.text("card.standing").strip();
    text = standing.isEmpty() ? text : standing + "\n" + text;
    String footer = words.text("card.footer").replace('\n', ' ');
    String fault = words.fault();
    if (!fault.isEmpty()) {
      String note = "⚠️ " + words.text("card.fault") + " " + fault;
      text = DiscordText.fitting(note, LONGEST_FAULT) + "\n" + text;
    }
    ObjectNode embed = embed(title, footer);
    String shown = DiscordText.guarded(fitting(text, LONGEST_TEXT - room(text)));
    if (!shown.isBlank()) {
      embed.put("description", shown);
    }
    if (picture != null) {
      embed.putObject("image").put("url", "attachment://" + Picture.FILE);
    }
    return embed;
  }

  /** What had to be cut ends with where the rest is to be seen. */
  private String fitting(String text, int most) {
    String fitted = DiscordText.fitting(text, most);
    if (fitted.equals(text)) {
      return text;
    }
    String rest = DiscordText.fitting(words.text("card.cut"), LONGEST_REST);
    return rest.isEmpty()
        ? fitted
        : DiscordText.fitting(text, most - rest.length() - 1) + "\n" + rest;
  }

  /** How much the guard would add. */
  private static int room(String text) {
    return Math.min(LONGEST_TEXT / 2, DiscordText.guarded(text).length() - text.length());
  }

  private ObjectNode reduced() {
    return embed(bareTitle(), "Vigie · " + wanted.incident())
        .put("description", words.text("card.counts") + "\n" + words.text("card.refused"));
  }

  private ObjectNode embed(String title, String footer) {
    AlertState shown = wanted.isResolved() ? AlertState.RESOLVED : AlertState.FIRING;
    boolean quiet = wanted.in(shown).stream().allMatch(alert -> wanted.mark(alert).isSuppressed());
    int colour =
        wanted.isResolved() ? GREEN : quiet ? GREY : Look.colour(Severity.worst(wanted.in(shown)));
    String line = title.isBlank() ? bareTitle() : title;
    ObjectNode embed =
        JSON.objectNode()
            .put("title", cut(line, LONGEST_TITLE))
            .put("color", colour)
            .put("timestamp", wanted.lastChange().truncatedTo(ChronoUnit.MILLIS).toString());
    if (!footer.isBlank()) {
      embed.putObject("footer").put("text", cut(footer, LONGEST_FOOTER));
    }
    return embed;
  }

  private static String cut(String line, int most) {
    String guarded = DiscordText.guarded(line);
    return DiscordText.fitting(guarded, most).replace('\n', ' ');
  }

  /** With nothing of outside but letters. */
  private String bareTitle() {
    String name = DiscordText.bare(wanted.commonLabels().get("alertname"), LONGEST_NAME);
    return words.text("card.bare") + ": " + (name.isEmpty() ? words.text("card.counts") : name);
  }
}
