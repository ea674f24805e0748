package vigie.collector.bot;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import vigie.collector.alert.Acknowledgement;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.notify.discord.DiscordText;
import vigie.collector.silence.Silence;
import vigie.collector.silence.SilenceException;
import vigie.collector.silence.SilenceState;

/**
 * What changes something. Each is on the disk when its words are returned, and doing it twice, or
 * by two people at once, is as doing it once. Guarded by this object's lock.
 */
final class BotActions {
  /** A silence "until resolved" ends at the latest after this. */
  static final Duration LONGEST = Duration.ofDays(7);

  /** How the comment of a silence begins that ends with what it silences. */
  static final String UNTIL_RESOLVED = "until resolved (incident ";

  private static final Duration SAME = Duration.ofMinutes(1);
  private static final int LONGEST_NAME = 80;

  private final Desk desk;
  private final Supplier<Words> words;

  BotActions(Desk desk, Supplier<Words> words) {
    this.desk = desk;
    this.words = words;
  }

  /** What the button takes on: what the card lists, and what else fires in the group. */
  List<Alert> covered(Notification card) {
    Map<String, Alert> all = new LinkedHashMap<>();
    card.in(AlertState.FIRING).forEach(alert -> all.put(alert.fingerprint(), alert));
    Labels group = card.groupLabels();
    if (!group.isEmpty()) {
      for (Alert alert : firing()) {
        if (alert.labels().only(group.toMap().keySet()).equals(group)) {
          all.put(alert.fingerprint(), alert);
        }
      }
    }
    Set<String> firing = new HashSet<>();
    firing().forEach(alert -> firing.add(alert.fingerprint()));
    return all.values().stream().filter(alert -> firing.contains(alert.fingerprint())).toList();
  }

  List<Alert> firing() {
    return desk.alerts().get().stream().filter(a -> a.state() == AlertState.FIRING).toList();
  }

  private boolean fires(String fingerprint) {
    return firing().stream().anyMatch(alert -> alert.fingerprint().equals(fingerprint));
  }

  /** Takes on what nobody has yet. */
  synchronized String acknowledge(List<Alert> alerts, String who, String note) {
    if (alerts.isEmpty()) {
      return words.get().of("Nothing of it fires any more.");
    }
    Instant now = desk.clock().now();
    List<Acknowledgement> made = new ArrayList<>();
    String before = "";
    for (Alert alert : alerts) {
      Optional<Acknowledgement> known = desk.acknowledgements().of(alert.fingerprint());
      if (known.isPresent()) {
        Acknowledgement taken = known.get();
        before = name(taken.by()) + " " + time(taken.at());
      } else {
        made.add(new Acknowledgement(alert.fingerprint(), who, note, now));
      }
    }
    if (made.isEmpty()) {
      return words.get().of("Already acknowledged by {0}.", before);
    }
    int taken = desk.acknowledgements().acknowledge(made, this::fires).size();
    if (taken == 0) {
      return words.get().of("Nothing of it fires any more.");
    }
    String what = made.size() == 1 ? title(alerts.get(0)) : words.get().of("{0} alerts", taken);
    return before.isEmpty()
        ? words.get().of("Acknowledged {0}. It pings nobody again until it is resolved.", what)
        : words
            .get()
            .of(
                "Acknowledged {0}; the others were taken by {1}. It pings nobody again until it is"
                    + " resolved.",
                what, before);
  }

  /** Silences what a card is about. */
  String silence(Notification card, Duration time, boolean untilResolved, String who) {
    List<Alert> covered = covered(card);
    if (covered.isEmpty()) {
      return words.get().of("Nothing of it fires any more.");
    }
    Set<List<LabelMatcher>> wanted = new LinkedHashSet<>();
    Labels common = card.commonLabels();
    if (common.has("alertname") || common.has("node") || common.has("instance")) {
      wanted.add(equal(common));
    } else {
      // What they share would silence half the fleet, so each for itself.
      covered.forEach(alert -> wanted.add(equal(alert.labels())));
    }
    String comment =
        (untilResolved ? UNTIL_RESOLVED : "from the card (incident ") + card.incident() + ")";
    String said = "";
    for (List<LabelMatcher> matchers : wanted) {
      said = silence(matchers, time, comment, who);
    }
    return wanted.size() == 1 ? said : words.get().of("{0} alerts: {1}", wanted.size(), said);
  }

  /**
   * Sets a silence, unless there is one that does it already.
   *
   * @throws SilenceException if it is not to be
   */
  synchronized String silence(
      List<LabelMatcher> matchers, Duration time, String comment, String who) {
    Instant now = desk.clock().now();
    Instant end = now.plus(time);
    boolean until = comment.startsWith(UNTIL_RESOLVED);
    for (Silence each : desk.silences().list()) {
      if (each.stateAt(now) == SilenceState.ACTIVE
          && each.matchers().equals(matchers)
          && each.comment().startsWith(UNTIL_RESOLVED) == until
          && !each.endsAt().isBefore(end.minus(SAME))) {
        return ends("Already silenced by {0}", name(each.createdBy()), each);
      }
    }
    Silence made = desk.silences().set(Silence.wanted(matchers, now, end, who, comment));
    return ends("Silenced {0}", DiscordText.plain(text(matchers), 400), made);
  }

  private String ends(String said, String what, Silence silence) {
    boolean resolved = silence.comment().startsWith(UNTIL_RESOLVED);
    return words
        .get()
        .of(
            said + (resolved ? " until it is resolved (at the latest {1})." : ", ends {1}."),
            what,
            time(silence.endsAt()));
  }

  private static String text(List<LabelMatcher> matchers) {
    return String.join(", ", matchers.stream().map(LabelMatcher::toString).toList());
  }

  private static List<LabelMatcher> equal(Labels labels) {
    List<LabelMatcher> matchers = new ArrayList<>();
    labels.toMap().forEach((name, value) -> matchers.add(LabelMatcher.equal(name, value)));
    return matchers;
  }

  /** Ends the silences "until resolved" whose alerts are over. */
  synchronized void endResolved() {
    Instant now = desk.clock().now();
    for (Silence each : desk.silences().list()) {
      if (each.comment().startsWith(UNTIL_RESOLVED)
          && each.stateAt(now) == SilenceState.ACTIVE
          && desk.alerts().get().stream().noneMatch(alert -> each.matches(alert.labels()))) {
        try {
          desk.silences().expire(each.id(), "resolved");
        } catch (SilenceException ended) {
          // By somebody else at this moment.
        }
      }
    }
  }

  String title(Alert alert) {
    String node = alert.node();
    String name = "**" + DiscordText.plain(alert.name(), LONGEST_NAME) + "**";
    return node.isEmpty()
        ? name
        : words.get().of("{0} on {1}", name, DiscordText.plain(node, LONGEST_NAME));
  }

  static String name(String who) {
    return DiscordText.plain(who, LONGEST_NAME);
  }

  /** Relative, in each reader's own words. */
  static String time(Instant at) {
    return "<t:" + at.getEpochSecond() + ":R>";
  }
}
