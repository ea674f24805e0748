package vigie.collector.event;

/**
 * What few events differ in, so that a store can say which there are.
 *
 * @param unit the field {@code unit}
 */
public record EventStream(
    String node, int facility, int severity, String app, String type, String unit) {
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
