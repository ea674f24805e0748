package vigie.collector.bot;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Durations;
import vigie.collector.alert.Alert;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.dispatch.Matchers;
import vigie.collector.dispatch.Notification;
import vigie.collector.notify.discord.CardButton;
import vigie.collector.notify.discord.DiscordBotConfig;
import vigie.collector.notify.discord.DiscordText;
import vigie.collector.promql.PromqlException;
import vigie.collector.silence.SilenceException;

/**
 * Answers what people ask for in Discord, whichever way it came. Who may is decided by the roles
 * that Discord sent with the click. Safe for all threads; {@link #answer} blocks for as long as the
 * disk or a query takes.
 */
final class Bot {
  private static final Logger log = LoggerFactory.getLogger(Bot.class);
  private static final int MOST_REMEMBERED = 1_000;
  private static final Duration LONGEST_BACK = Duration.ofDays(30);

  private final Desk desk;
  private final MeterRegistry meters;
  private final BotActions actions;
  private final BotLists lists;
  private volatile Words words = Words.ENGLISH;

  /** Interactions that were taken: a gateway may deliver one again. Guarded by itself. */
  private final Map<String, Boolean> taken =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  Bot(Desk desk, MeterRegistry meters) {
    this.desk = desk;
    this.meters = meters;
    this.actions = new BotActions(desk, this::words);
    this.lists = new BotLists(desk, actions, this::words);
  }

  /** Answers in another language from now on. */
  void speak(Words next) {
    words = next;
  }

  Words words() {
    return words;
  }

  /** Whether this interaction comes for the first time; from then on it does not. */
  boolean take(Asked asked) {
    synchronized (taken) {
      return taken.put(asked.id(), true) == null;
    }
  }

  /** Ends silences that last until their alerts resolve. */
  void endResolved() {
    actions.endResolved();
  }

  /**
   * Does what was asked, if it may be done.
   *
   * @param places the channels that the bot serves
   * @return what the member gets to see; what was done is on the disk
   */
  Reply answer(Asked asked, Collection<DiscordBotConfig> places) {
    Optional<CardButton> button =
        asked.isButton() ? CardButton.parse(asked.name()) : Optional.empty();
    String what =
        button.map(b -> b.action().word()).orElse(asked.isButton() ? "unknown" : asked.name());
    Optional<DiscordBotConfig> place =
        places.stream()
            .filter(p -> p.guild().equals(asked.guild()) && p.channel().equals(asked.channel()))
            .findFirst();
    if (place.isEmpty()) {
      return refused(asked, what, "place", words.of("This bot serves its own channel only."));
    }
    if (!place.get().allows(asked.roles())) {
      List<String> roles =
          place.get().allowedRoles().stream().sorted().map(r -> "<@&" + r + ">").toList();
      return refused(
          asked,
          what,
          "role",
          words.of("You need one of these roles for that: {0}", String.join(", ", roles)));
    }
    try {
      Reply reply =
          asked.isButton()
              ? button
                  .map(pressed -> press(asked, pressed))
                  .orElseGet(
                      () ->
                          Reply.of(
                              words.of("This button is of another version of Vigie; use /alerts.")))
              : command(asked);
      count(what, "done");
      log.info("bot action={} member={} interaction={}", what, asked.member(), asked.id());
      return reply;
    } catch (SilenceException | PromqlException | IllegalArgumentException wrong) {
      count(what, "wrong");
      return Reply.of(DiscordText.plain(String.valueOf(wrong.getMessage()), 500));
    } catch (UncheckedIOException disk) {
      count(what, "failed");
      log.error(
          "bot action is not on the disk and not done action={} member={} cause={}",
          what,
          asked.member(),
          disk.getMessage());
      return Reply.of(words.of("The collector's disk refuses it: nothing was changed. Try again."));
    } catch (IllegalStateException failed) {
      count(what, "failed");
      log.warn("bot action failed action={} cause={}", what, failed.getMessage());
      return Reply.of(DiscordText.plain(String.valueOf(failed.getMessage()), 500));
    }
  }

  private Reply refused(Asked asked, String what, String why, String text) {
    count(what, "refused");
    log.warn(
        "bot action refused action={} why={} member={} guild={} channel={} interaction={}",
        what,
        why,
        asked.member(),
        asked.guild(),
        asked.channel(),
        asked.id());
    List<String> alerts = List.of();
    String incident = "";
    Optional<CardButton> button =
        asked.isButton() ? CardButton.parse(asked.name()) : Optional.empty();
    if (button.isPresent()) {
      incident = button.get().incident();
      alerts =
          desk.cards().apply(incident, asked.message()).stream()
              .flatMap(card -> card.alerts().stream())
              .map(Alert::fingerprint)
              .toList();
    }
    desk.history()
        .append(
            HistoryEntry.of(HistoryKind.NOTE, desk.clock().now(), alerts)
                .by(asked.who())
                .saying("refused in Discord: " + what + ", wrong " + why)
                .about(incident));
    return Reply.of(text);
  }

  private void count(String what, String result) {
    meters.counter("vigie.bot.actions", "action", what, "result", result).increment();
  }

  private Reply press(Asked asked, CardButton button) {
    Optional<Notification> found = desk.cards().apply(button.incident(), asked.message());
    // What was done for an incident that is over would be done to the next one of its group.
    if (found.isEmpty()
        || (found.get().isResolved() && button.action() != CardButton.Action.SHOW_LOG)) {
      return Reply.of(
          words.of("This card's incident is over; nothing was done. /alerts shows what fires."));
    }
    Notification card = found.get();
    return Reply.of(
        switch (button.action()) {
          case ACKNOWLEDGE -> actions.acknowledge(actions.covered(card), asked.who(), "");
          case SILENCE_1H -> actions.silence(card, Duration.ofHours(1), false, asked.who());
          case SILENCE_4H -> actions.silence(card, Duration.ofHours(4), false, asked.who());
          case SILENCE_UNTIL_RESOLVED ->
              actions.silence(card, BotActions.LONGEST, true, asked.who());
          case SHOW_LOG -> lists.log(card);
        });
  }

  private Reply command(Asked asked) {
    return switch (asked.name()) {
      case "alerts" -> Reply.of(lists.alerts());
      case "nodes" -> Reply.of(lists.nodes());
      case "events" ->
          Reply.of(
              lists.events(
                  asked.option("node", ""), asked.option("search", ""), back(asked, "24h")));
      case "graph" -> lists.graph(asked.option("expr", ""), back(asked, "3h"));
      case "ack" -> Reply.of(acknowledge(asked));
      case "silence" ->
          Reply.of(
              actions.silence(
                  Matchers.parse(asked.option("matchers", "")),
                  Durations.parse(asked.option("for", "1h")),
                  asked.option("reason", "from Discord"),
                  asked.who()));
      default -> Reply.of(words.of("This command is of another version of Vigie."));
    };
  }

  private Duration back(Asked asked, String otherwise) {
    Duration back = Durations.parse(asked.option("range", otherwise));
    if (back.isZero() || back.compareTo(LONGEST_BACK) > 0) {
      throw new IllegalArgumentException(words.of("range must be above 0 and at most 30d"));
    }
    return back;
  }

  private String acknowledge(Asked asked) {
    String wanted = asked.option("alert", "");
    List<Alert> meant =
        actions.firing().stream()
            .filter(
                alert ->
                    alert.name().equals(wanted)
                        || (wanted.length() >= 4 && alert.fingerprint().startsWith(wanted)))
            .toList();
    return meant.isEmpty()
        ? words.of("No firing alert has that name or an id that begins so; /alerts lists them.")
        : actions.acknowledge(meant, asked.who(), asked.option("note", ""));
  }
}
