package vigie.collector.dispatch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vigie.collector.alert.Alert;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;

/** Cuts what comes from outside to what a card can show, so that the wanted state is bounded. */
final class Trim {
  private static final int MOST_EVENTS = 5;
  private static final int MOST_FIELDS = 16;
  private static final int LONGEST_TEXT = 400;
  private static final int LONGEST_ANNOTATION = 2_000;

  private Trim() {}

  static Alert alert(Alert alert) {
    List<Event> events = alert.events();
    return new Alert(
        alert.labels(),
        annotations(alert.annotations()),
        alert.state(),
        alert.activeAt(),
        alert.firedAt(),
        alert.resolvedAt(),
        alert.knownAt(),
        alert.value(),
        alert.rule(),
        events.stream().limit(MOST_EVENTS).map(Trim::event).toList());
  }

  private static Labels annotations(Labels annotations) {
    Labels.Builder cut = new Labels.Builder();
    for (int i = 0; i < annotations.size(); i++) {
      cut.set(annotations.name(i), cut(annotations.value(i), LONGEST_ANNOTATION));
    }
    return cut.build();
  }

  private static Event event(Event event) {
    Map<String, String> fields = new LinkedHashMap<>();
    event
        .fields()
        .forEach(
            (name, value) -> {
              if (fields.size() < MOST_FIELDS) {
                fields.put(name, cut(value, LONGEST_TEXT));
              }
            });
    return new Event(
        event.time(),
        event.received(),
        event.node(),
        event.facility(),
        event.severity(),
        event.app(),
        event.type(),
        fields,
        cut(event.text(), LONGEST_TEXT),
        event.origin());
  }

  static String cut(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(most - 2)) ? most - 2 : most - 1;
    return text.substring(0, end) + "…";
  }
}
