package vigie.collector.event;

/** Foreign records of one node in the order taken, at least one; valid while they are told only. */
public interface SyslogRun {
  int size();

  /** The program that one of them names, {@code ""} where it names none. */
  String app(int index);

  /** One of them as an event, which may be kept; perhaps made anew each time. */
  Event event(int index);

  /** The last of them. */
  default Event newest() {
    return event(size() - 1);
  }
}
