package vigie.collector.event;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;

/** Events as series: {@code vigie_events_total} and {@code vigie_probe_up}. */
public final class EventSeries implements EventListener {
  /**
   * @param isSilent whether the node has not been heard for so long that its series end
   * @param onAppended told of the series and the event once a sample shows it; hands on, must not
   *     block
   */
  public EventSeries(
      Appender appender,
      Clock clock,
      Scheduler scheduler,
      Predicate<String> isSilent,
      BiConsumer<Labels, Event> onAppended,
      MeterRegistry meters) {}

  /**
   * Takes the newest state of each probe from the store, so that an alert on it holds over a
   * restart of the collector. Call it once, before events arrive.
   */
  public void restore(EventStore store) {}

  @Override
  public void onEvent(Event event, boolean late) {}
}
