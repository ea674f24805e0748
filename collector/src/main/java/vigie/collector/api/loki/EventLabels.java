package vigie.collector.api.loki;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStream;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * The labels of an event's stream: what few events differ in. {@code level} is the severity under
 * the name by which Grafana colours lines.
 */
final class EventLabels {
  static final List<String> NAMES =
      List.of("app", "facility", "level", "node", "severity", "type", "unit");

  private EventLabels() {}

  /** Empty values are absent. */
  static Labels of(EventStream stream) {
    String severity = EventQuery.SEVERITIES.get(stream.severity());
    Map<String, String> labels = new TreeMap<>();
    labels.put("app", stream.app());
    labels.put("facility", EventQuery.FACILITIES.get(stream.facility()));
    labels.put("level", severity);
    labels.put("node", stream.node());
    labels.put("severity", severity);
    labels.put("type", stream.type());
    labels.put("unit", stream.unit());
    labels.values().removeIf(String::isEmpty);
    return Labels.of(labels);
  }

  static Labels of(Event event) {
    return of(EventStream.of(event));
  }

  /**
   * A matcher as the store knows it.
   *
   * @throws IllegalArgumentException if the value is no regular expression
   */
  static LabelMatcher matcher(LabelMatcher.Op op, String name, String value) {
    boolean level = name.equals("level") || name.equals("detected_level");
    return new LabelMatcher(op, level ? "severity" : name, value);
  }
}
