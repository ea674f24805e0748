package vigie.collector.outbox;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Message.Kind;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;

/** What a change of a card's wanted state is worth telling beside it. */
final class Asides {
  /** How ids of these begin; each has the version of its state. */
  static final String EVENTS = "events-";

  /**
   * So long after a card pinged, others as bad as it ride on that: who was called looks at the
   * card.
   */
  private static final Duration CALM = Duration.ofMinutes(5);

  private static final String WORSE = "worse-";
  private static final String MORE = "more-";

  private Asides() {}

  /**
   * @param before the card that is about to change
   * @param version of the next state, the same over restarts
   */
  static List<Message> between(Card card, Notification next, long version, Instant now) {
    Notification before = card.wanted();
    List<Message> all = new ArrayList<>();
    String incident = next.incident();
    List<String> lines = lines(before, next);
    if (!lines.isEmpty()) {
      all.add(new Message(incident, EVENTS + version, Kind.EVENT, now, null, "", "", lines));
    }
    if (next.isResolved() && !before.isResolved()) {
      all.add(Message.resolved(incident, now));
    } else if (next.severity().compareTo(before.severity()) < 0) {
      String id = worse(next);
      all.add(new Message(incident, id, Kind.ESCALATION, now, next.severity(), "", "", List.of()));
    } else if (next.severity() == Severity.CRITICAL && !lastPing(card).plus(CALM).isAfter(now)) {
      List<Alert> more = more(before, next);
      if (!more.isEmpty()) {
        String id = MORE + now.getEpochSecond();
        String text = what(more.get(0)) + (more.size() > 1 ? " +" + (more.size() - 1) : "");
        all.add(
            new Message(
                incident, id, Kind.ESCALATION, now, Severity.CRITICAL, "", text, List.of()));
      }
    }
    return all;
  }

  /** Critical alerts that were not there, or were over; the newest first. */
  private static List<Alert> more(Notification before, Notification next) {
    Map<String, AlertState> states = states(before);
    // Of many alerts only some are listed: one that is listed again is not new.
    boolean grew = next.firing() + next.resolved() > before.firing() + before.resolved();
    return next.in(AlertState.FIRING).stream()
        .filter(alert -> Severity.of(alert) == Severity.CRITICAL)
        .filter(alert -> !next.mark(alert).isSuppressed() && next.mark(alert).flapping() == null)
        .filter(
            alert -> {
              AlertState was = states.get(alert.fingerprint());
              return was == null ? grew : was != AlertState.FIRING;
            })
        .toList();
  }

  /** When the card, or a change for the worse beside it, pinged last. */
  private static Instant lastPing(Card card) {
    return Stream.concat(
            card.beside().told().stream(), card.beside().waiting().stream().map(Message::id))
        .filter(id -> id.startsWith(WORSE) || id.startsWith(MORE))
        .map(id -> Instant.ofEpochSecond(Long.parseLong(id.substring(id.lastIndexOf('-') + 1))))
        .max(Comparator.naturalOrder())
        .filter(at -> at.isAfter(card.wanted().firstChange()))
        .orElse(card.wanted().firstChange());
  }

  private static Map<String, AlertState> states(Notification wanted) {
    Map<String, AlertState> states = new TreeMap<>();
    wanted.alerts().forEach(alert -> states.put(alert.fingerprint(), alert.state()));
    return states;
  }

  private static String what(Alert alert) {
    return (alert.name() + " " + alert.node() + " " + alert.target()).strip();
  }

  /** One that made it worse before, and only left the list for a while, is no news. */
  private static String worse(Notification next) {
    Severity severity = next.severity();
    Alert newest =
        next.in(AlertState.FIRING).stream()
            .filter(alert -> Severity.of(alert) == severity)
            .max(Comparator.comparing(Alert::since).thenComparing(Alert::fingerprint))
            .orElseThrow();
    return WORSE
        + severity.word()
        + "-"
        + newest.fingerprint()
        + "-"
        + newest.since().getEpochSecond();
  }

  private static List<String> lines(Notification before, Notification next) {
    Set<Event> known = new HashSet<>();
    Map<String, AlertState> states = states(before);
    before.alerts().forEach(alert -> known.addAll(alert.events()));
    List<Event> events = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (Alert alert : next.alerts()) {
      alert.events().stream().filter(known::add).forEach(events::add);
      // A group of one has its begin and end on the card.
      boolean several = next.firing() + next.resolved() > 1;
      if (several && states.get(alert.fingerprint()) != alert.state()) {
        boolean fires = alert.state() == AlertState.FIRING;
        lines.add(seconds(alert.since()) + " " + what(alert) + (fires ? " fires" : " is over"));
      }
    }
    for (Event event : events) {
      lines.add(
          seconds(event.time()) + " " + event.node() + " " + event.type() + " " + event.text());
    }
    lines.sort(null);
    return lines;
  }

  private static Instant seconds(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS);
  }
}
