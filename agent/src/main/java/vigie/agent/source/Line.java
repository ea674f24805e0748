package vigie.agent.source;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Event;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;

/**
 * One logged message, whatever it was read from; several lines of a trace are one.
 *
 * @param time when it was logged, as far as the source says; else when it was read
 * @param source where it was read: {@code journal}, {@code file:PATH}, {@code syslog}
 * @param unit the systemd unit that logged it; {@code ""} where that is not known
 * @param identifier the program's name for itself (syslog's tag); {@code ""} where there is none
 * @param severity as logged, INFORMATIONAL where the source has none
 * @param text without its end of line; from outside: whoever shows it escapes it
 * @param place behind this message; null where the source has nothing to go on from
 * @param own events that the source made of it; they are told together with what patterns make
 */
record Line(
    Instant time,
    String source,
    String unit,
    String identifier,
    Severity severity,
    String text,
    @Nullable Place place,
    List<Event> own) {

  /** One that the source makes no event of. */
  Line(
      Instant time,
      String source,
      String unit,
      String identifier,
      Severity severity,
      String text,
      @Nullable Place place) {
    this(time, source, unit, identifier, severity, text, place, List.of());
  }

  Line with(List<Event> events) {
    return new Line(time, source, unit, identifier, severity, text, place, events);
  }
}
