package vigie.agent.spool;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import vigie.base.segment.SegmentLog;

/** The spool's meters, {@code vigie_spool_…}. */
final class SpoolMeters {
  final Counter in;
  final Counter out;
  final Counter full;
  final Counter aged;
  final Counter damaged;
  final Counter syncs;
  final Counter writeErrors;

  SpoolMeters(MeterRegistry meters, SegmentLog segments, long maxBytes) {
    in = counter(meters, "vigie.spool.records.in", "Events taken into the spool.");
    out = counter(meters, "vigie.spool.records.out", "Events that the collector acknowledged.");
    full = dropped(meters, "full");
    aged = dropped(meters, "age");
    damaged = dropped(meters, "damage");
    syncs = counter(meters, "vigie.spool.syncs", "Syncs of the spool's files.");
    writeErrors =
        counter(meters, "vigie.spool.write.errors", "Writes and syncs that the disk refused.");
    Gauge.builder("vigie.spool.bytes", segments, SegmentLog::sizeBytes)
        .description("What the spool's segments take on the disk.")
        .register(meters);
    Gauge.builder("vigie.spool.max.bytes", () -> maxBytes)
        .description("What they may take before the oldest events go.")
        .register(meters);
    FunctionCounter.builder("vigie.spool.torn.bytes", segments, SegmentLog::tornBytes)
        .description("Bytes of incomplete records that a crash left and the start cut off.")
        .register(meters);
  }

  private static Counter counter(MeterRegistry meters, String name, String help) {
    return Counter.builder(name).description(help).register(meters);
  }

  private static Counter dropped(MeterRegistry meters, String reason) {
    return Counter.builder("vigie.spool.dropped")
        .description("Events lost before the collector had them, by reason.")
        .tag("reason", reason)
        .register(meters);
  }
}
