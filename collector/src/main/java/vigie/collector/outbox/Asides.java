package vigie.collector.outbox;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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

  private Asides() {}

  /**
   * @param version of the next state, the same over restarts
   */
  static List<Message> between(Notification before, Notification next, long version, Instant now) {
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
    }
    return all;
  }

  /** One that made it worse before, and only left the list for a while, is no news. */
  private static String worse(Notification next) {
    Severity severity = next.severity();
    Alert newest =
        next.in(AlertState.FIRING).stream()
            .filter(alert -> Severity.of(alert) == severity)
            .max(Comparator.comparing(Alert::since).thenComparing(Alert::fingerprint))
            .orElseThrow();
    return "worse-"
        + severity.word()
        + "-"
        + newest.fingerprint()
        + "-"
        + newest.since().getEpochSecond();
  }

  private static List<String> lines(Notification before, Notification next) {
    Set<Event> known = new HashSet<>();
    Map<String, AlertState> states = new TreeMap<>();
    for (Alert alert : before.alerts()) {
      known.addAll(alert.events());
      states.put(alert.fingerprint(), alert.state());
    }
    List<Event> events = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (Alert alert : next.alerts()) {
      alert.events().stream().filter(known::add).forEach(events::add);
      // A group of one has its begin and end on the card.
      boolean several = next.firing() + next.resolved() > 1;
      if (several && states.get(alert.fingerprint()) != alert.state()) {
        boolean fires = alert.state() == AlertState.FIRING;
        lines.add(
            seconds(alert.since())
                + " "
                + (alert.name() + " " + alert.node() + " " + alert.target()).strip()
                + (fires ? " fires" : " is over"));
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
