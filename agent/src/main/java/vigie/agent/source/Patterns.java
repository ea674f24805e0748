package vigie.agent.source;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import vigie.agent.event.EventSink;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Makes counters and {@code log.match} events of lines. As {@link Lines} it takes those of the
 * journal and of syslog; a log file has a stream of its own. Safe for all threads.
 */
final class Patterns implements Lines, AutoCloseable {
  private static final Duration TURN = Duration.ofSeconds(10);

  private final PatternsConfig config;
  private final int eventsPerSecond;
  private final EventSink sink;
  private final Clock clock;
  private final Scheduler scheduler;
  private final LogMeters meters;
  private final Map<String, LineStream.Watch> watches = new LinkedHashMap<>();
  private final Map<String, LineStream> journals = new ConcurrentHashMap<>(); // by source
  private final Set<LineStream> streams = ConcurrentHashMap.newKeySet();
  private final Scheduler.Task turns;

  /**
   * @param eventsPerSecond how many a source may make, ten times as many in a moment
   * @param writing runs what may wait for the disk, in order
   */
  Patterns(
      PatternsConfig config,
      int eventsPerSecond,
      EventSink sink,
      Clock clock,
      Scheduler scheduler,
      Executor writing,
      MeterRegistry meters) {
    this.config = config;
    this.eventsPerSecond = eventsPerSecond;
    this.sink = sink;
    this.clock = clock;
    this.scheduler = scheduler;
    this.meters = new LogMeters(meters);
    for (PatternConfig pattern : config.patterns()) {
      watches.put(pattern.name(), new LineStream.Watch(pattern, new LogCounts(pattern, meters)));
    }
    turns =
        scheduler.every(
            TURN,
            TURN,
            () -> {
              if (streams.stream().anyMatch(stream -> !stream.isQuiet())) {
                writing.execute(() -> streams.forEach(LineStream::tellDue));
              }
            });
  }

  @Override
  public void accept(Line line) {
    journals
        .computeIfAbsent(line.source(), source -> stream(source, config.everywhere(), false))
        .accept(line);
  }

  /**
   * Where the lines of a log file go. Close it when the file is read no longer.
   *
   * @param names patterns and packs; none: all of one's own
   */
  LineStream of(String source, List<String> names) {
    return stream(source, config.of(names), true);
  }

  private LineStream stream(String source, List<PatternConfig> patterns, boolean chosen) {
    List<LineStream.Watch> these =
        patterns.stream().map(pattern -> watches.get(pattern.name())).toList();
    LineStream stream =
        new LineStream(source, these, chosen, eventsPerSecond, sink, clock, scheduler, meters);
    streams.add(stream);
    return stream;
  }

  /** Forgets a stream, after it has told what is left. */
  void end(LineStream stream) {
    stream.close();
    streams.remove(stream);
  }

  /** Tells what was folded or held back; the sources are closed before. */
  @Override
  public void close() {
    turns.cancel();
    streams.forEach(LineStream::close);
  }
}
