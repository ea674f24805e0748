package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import vigie.agent.reader.ClockSourceReader;
import vigie.agent.reader.ClockSourceReader.ClockSource;
import vigie.base.time.Clock;

/** {@code node_time_*}: the node's clock, its zone and the counter behind it. */
final class TimeMetrics implements Subject {
  private final Family seconds =
      Family.gauge("node_time_seconds", "The node's time in seconds since the epoch.");
  private final Family zoneOffset =
      Family.gauge(
          "node_time_zone_offset_seconds", "Seconds that local time is ahead of universal time.");
  private final Family available =
      Family.gauge(
          "node_time_clocksource_available_info", "A clock source that could be used; always 1.");
  private final Family current =
      Family.gauge("node_time_clocksource_current_info", "The clock source in use; always 1.");
  private final LabelCache<List<String>> sourceLabels =
      new LabelCache<>(pair -> Labels.of("device", pair.get(0), "clocksource", pair.get(1)));
  private final LabelCache<String> zoneLabels = LabelCache.of("time_zone");
  private final ClockSourceReader reader;
  private final Clock clock;
  private final TimeZone zone;

  TimeMetrics(ClockSourceReader reader, Clock clock, ZoneId zone) {
    this.reader = reader;
    this.clock = clock;
    this.zone = TimeZone.getTimeZone(zone);
  }

  @Override
  public String name() {
    return "time";
  }

  @Override
  public List<Family> families() {
    return List.of(seconds, zoneOffset, available, current);
  }

  @Override
  public void collect() {
    Instant now = clock.now();
    seconds.add(now.getEpochSecond() + now.getNano() / 1e9);
    int offsetMillis = zone.getOffset(now.toEpochMilli());
    boolean summer = zone.inDaylightTime(java.util.Date.from(now));
    zoneOffset.add(
        zoneLabels.get(zone.getDisplayName(summer, TimeZone.SHORT, Locale.ROOT)),
        offsetMillis / 1000.0);
    for (ClockSource source : reader.read()) {
      for (String name : source.available()) {
        available.add(sourceLabels.get(List.of(source.device(), name)), 1);
      }
      if (!source.current().isEmpty()) {
        current.add(sourceLabels.get(List.of(source.device(), source.current())), 1);
      }
    }
  }
}
