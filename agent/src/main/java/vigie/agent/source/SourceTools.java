package vigie.agent.source;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.Executor;
import vigie.agent.event.EventSink;
import vigie.agent.event.Places;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * What sources work with.
 *
 * @param threads runs what reads for as long as there is something to read: a few tasks of each
 *     source that may block for ever
 * @param writing runs short tasks that may wait for the disk, in order
 * @param events takes what is found; blocks while it cannot be written
 * @param places where the last run ended
 */
public record SourceTools(
    Roots roots,
    Clock clock,
    Scheduler scheduler,
    Executor threads,
    Executor writing,
    EventSink events,
    Places places,
    Systemd systemd,
    MeterRegistry meters) {
  /** The same tools with other events. */
  SourceTools with(EventSink other) {
    return new SourceTools(
        roots, clock, scheduler, threads, writing, other, places, systemd, meters);
  }
}
