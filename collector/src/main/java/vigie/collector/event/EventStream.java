package vigie.collector.event;

import java.util.Set;

/**
 * What few events differ in, so that a store can say which there are.
 *
 * @param unit the field {@code unit}
 */
public record EventStream(
    String node, int facility, int severity, String app, String type, String unit) {
  /** With these components only. */
  EventStream only(Set<String> names) {
    return new EventStream(
        names.contains("node") ? node : "",
        names.contains("facility") ? facility : 0,
        names.contains("severity") ? severity : 0,
        names.contains("app") ? app : "",
        names.contains("type") ? type : "",
        names.contains("unit") ? unit : "");
  }

  public static EventStream of(Event event) {
    return new EventStream(
        event.node(),
        event.facility(),
        event.severity(),
        event.app(),
        event.type(),
        event.field("unit"));
  }
}
