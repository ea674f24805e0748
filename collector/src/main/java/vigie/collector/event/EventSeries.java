package vigie.collector.event;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;

/**
 * Events as series, so that plain rules can select them:
 *
 * <pre>
 * vigie_events_total{node, type, PART}             counts; a zero stands 15 s before the first
 * vigie_events_late_total{node, type, PART}        those more than five minutes old on receipt
 * vigie_probe_up{node, probe, target}              1 or 0, the newest state told; with peer where
 *                                                  the probe looks at a neighbour
 * vigie_unit_up{node, unit}                        0 since systemd gave it up, 1 once it runs again
 * </pre>
 *
 * PART is {@code probe} of {@code probe.*} and {@code backup.*}, {@code unit} of {@code unit.*},
 * {@code pattern} of {@code log.match}, {@code device} of {@code kernel.io_error}, {@code clean} of
 * {@code node.boot}. Each value is appended when it changes (at most ten times a second) and every
 * 15 s until the node is silent, then a stale marker. Counts begin at zero again after that and
 * after a restart of the collector, as any counter may; those of backups begin at one where the
 * probe is still down. States last over both. What fails as its node goes down is in no series.
 * Safe for all threads.
 */
public final class EventSeries implements EventListener {
  private static final Duration EVERY = Duration.ofSeconds(15);
  private static final int APART_MILLIS = 100;
  private static final int MOST_SERIES = 20_000;
  private static final int LONGEST_VALUE = 256;
  private static final Duration RESTORED = Duration.ofDays(7);

  private static final List<String> RESTORING =
      List.of(
          "probe.up",
          "probe.down",
          "probe.slow",
          "backup.late",
          "backup.small",
          "unit.failed",
          "unit.recovered",
          "agent.start",
          "agent.units",
          "node.boot",
          "node.silent");

  private record CounterKey(String metric, String node, String type, String part) {}

  /** Events of one node and type come in rows. */
  private record LastCounter(String metric, String node, String type, LiveSeries series) {
    boolean counts(String metric, Event event) {
      return event.node().equals(node)
          && event.type().equals(type)
          && metric.equals(this.metric)
          && !series.hasEnded();
    }
  }

  private record Shown(Labels labels, Event event) {}

  private final Appender appender;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Predicate<String> isSilent;
  private final BiConsumer<Labels, Event> onAppended;
  private final Counter refused;

  // All below guarded by this.
  private final Set<LiveSeries> live = new LinkedHashSet<>();
  private final Map<CounterKey, LiveSeries> counters = new HashMap<>();
  private @Nullable LastCounter lastCounter;
  private final ToldStates states = new ToldStates();
  private final Set<LiveSeries> crowded = new LinkedHashSet<>();

  /**
   * @param isSilent whether the node has not been heard for so long that its series end
   * @param onAppended told of the series and the event once a sample shows it, on the thread that
   *     told the event or on the scheduler's; must not block
   */
  public EventSeries(
      Appender appender,
      Clock clock,
      Scheduler scheduler,
      Predicate<String> isSilent,
      BiConsumer<Labels, Event> onAppended,
      MeterRegistry meters) {
    this.appender = appender;
    this.clock = clock;
    this.scheduler = scheduler;
    this.isSilent = isSilent;
    this.onAppended = onAppended;
    refused = meters.counter("vigie.event.series.refused");
    scheduler.every(EVERY, EVERY, this::repeat);
  }

  /**
   * Takes the newest states from the store, so that an alert on one holds over a restart of the
   * collector. Call it once, before events arrive.
   */
  public void restore(EventStore store) {
    Instant now = clock.now();
    List<Event> history = History.of(store, now, RESTORED, RESTORING);
    synchronized (this) {
      for (Event event : history) {
        if (event.type().equals("node.silent")) {
          states.sleep(event.node());
        } else {
          // As long ago as it was: what was to be told again after a start then is overdue by now.
          long ago = Math.max(0, Duration.between(event.received(), now).toNanos());
          states.heard(event, NodeClock.isLateByDefault(event), clock.nanos() - ago);
        }
      }
      states.takeGone(clock.nanos());
      states.goOn(clock.nanos());
      for (ToldStates.State state : states.unseen()) {
        LiveSeries series = seriesOf(state);
        if (series != null) {
          series.append(now.toEpochMilli());
          if (state.value == 0 && !state.ofUnit) {
            restoreBackup(state, history, now);
          }
        }
      }
    }
  }

  /** So that a rule still sees of which kind an outage is; no step that increase() would see. */
  private void restoreBackup(ToldStates.State state, List<Event> history, Instant now) {
    for (Event event : history) {
      if (event.type().startsWith("backup.")
          && event.node().equals(state.node)
          && event.field("probe").equals(state.name)) {
        LiveSeries series = counterOf("vigie_events_total", event);
        if (series != null && series.value == 0) {
          series.value = 1;
          series.append(now.toEpochMilli());
        }
      }
    }
  }

  @Override
  public void onEvent(Event event, boolean late) {
    if (!event.isOfShutdown() && !event.isDrill()) {
      take(List.of(event), 1, late);
    }
  }

  @Override
  public void onSyslog(SyslogRun run, boolean late) {
    List<Event> newest = new ArrayList<>(LiveSeries.MOST_UNSHOWN);
    for (int i = Math.max(0, run.size() - LiveSeries.MOST_UNSHOWN); i < run.size(); i++) {
      newest.add(run.event(i));
    }
    take(newest, run.size(), late);
  }

  /**
   * Takes events of one node and type that one counter counts; more than one only where none tells.
   *
   * @param newest of so many
   */
  private void take(List<Event> newest, int count, boolean late) {
    Event last = newest.get(newest.size() - 1);
    List<Shown> shown = new ArrayList<>(0);
    synchronized (this) {
      count(newest, count, late, shown);
      ToldStates.State state = states.heard(last, late, clock.nanos());
      LiveSeries series = state == null ? null : seriesOf(state);
      if (series != null) {
        series.add(last);
        show(series, shown);
      }
    }
    tell(shown);
  }

  private void count(List<Event> newest, int count, boolean late, List<Shown> shown) {
    String metric = late ? "vigie_events_late_total" : "vigie_events_total";
    LiveSeries series = counterOf(metric, newest.get(0));
    if (series == null) {
      return;
    }
    if (series.value == 0) {
      // So that increase() sees the first event as a step from zero to one.
      series.append(clock.millis() - EVERY.toMillis(), 0);
    }
    series.value += count;
    if (!late) {
      newest.forEach(series::add);
    }
    show(series, shown);
  }

  /** The series that counts such events; null where there are too many series already. */
  private @Nullable LiveSeries counterOf(String metric, Event event) {
    LastCounter last = lastCounter;
    if (last != null && last.counts(metric, event)) {
      return last.series;
    }
    String part = partName(event.type());
    CounterKey key =
        new CounterKey(metric, cut(event.node()), cut(event.type()), cut(event.field(part)));
    LiveSeries series = counters.get(key);
    if (series == null) {
      Labels.Builder labels = new Labels.Builder().set(Labels.NAME, metric);
      labels.set("node", key.node).set("type", key.type);
      if (!part.isEmpty()) {
        labels.set(part, key.part);
      }
      series = add(event.node(), labels.build());
      if (series != null) {
        counters.put(key, series);
      }
    }
    if (series != null && part.isEmpty()) {
      lastCounter = new LastCounter(metric, event.node(), event.type(), series);
    }
    return series;
  }

  /** The one field of such events that is a label too: its values are few on any node. */
  private static String partName(String type) {
    if (type.startsWith("probe.") || type.startsWith("backup.")) {
      return "probe";
    }
    return switch (type) {
      case "unit.crashed", "unit.failed", "unit.recovered" -> "unit";
      case "log.match" -> "pattern";
      case "kernel.io_error" -> "device";
      case "node.boot" -> "clean";
      default -> "";
    };
  }

  private @Nullable LiveSeries seriesOf(ToldStates.State state) {
    Labels labels = labels(state);
    LiveSeries series = state.series;
    if (series != null && series.hasEnded()) {
      series = null;
    } else if (series != null && !series.labels.equals(labels)) {
      end(series);
      series = null;
    }
    if (series == null) {
      series = add(state.node, labels);
      state.series = series;
    }
    if (series != null) {
      series.value = state.value;
    }
    return series;
  }

  private static Labels labels(ToldStates.State state) {
    Labels.Builder all = new Labels.Builder().set("node", cut(state.node));
    if (state.ofUnit) {
      all.set(Labels.NAME, "vigie_unit_up").set("unit", cut(state.name));
      return state.user.isEmpty() ? all.build() : all.set("user", cut(state.user)).build();
    }
    all.set(Labels.NAME, "vigie_probe_up")
        .set("probe", cut(state.name))
        .set("target", cut(state.target));
    if (!state.peer.isEmpty()) {
      all.set("peer", cut(state.peer));
    }
    return all.build();
  }

  private @Nullable LiveSeries add(String node, Labels labels) {
    if (live.size() >= MOST_SERIES) {
      refused.increment();
      return null;
    }
    LiveSeries series = new LiveSeries(node, labels, appender);
    live.add(series);
    return series;
  }

  /** Appends now, or a little later where a storm would make a sample of every event. */
  private void show(LiveSeries series, List<Shown> shown) {
    long now = clock.millis();
    if (series.isCrowded(now, APART_MILLIS)) {
      if (crowded.isEmpty()) {
        scheduler.after(Duration.ofMillis(APART_MILLIS), this::showCrowded);
      }
      crowded.add(series);
      return;
    }
    series.append(now);
    for (Event event : series.takeUnshown()) {
      shown.add(new Shown(series.labels, event));
    }
  }

  private void showCrowded() {
    List<Shown> shown = new ArrayList<>();
    synchronized (this) {
      List<LiveSeries> due = List.copyOf(crowded);
      crowded.clear();
      for (LiveSeries series : due) {
        if (!series.hasEnded()) {
          show(series, shown);
        }
      }
    }
    tell(shown);
  }

  private void repeat() {
    List<Shown> shown = new ArrayList<>();
    synchronized (this) {
      long nanos = clock.nanos();
      states.takeWaiting(nanos).forEach(this::seriesOf);
      states.unseen().stream().filter(s -> !isSilent.test(s.node)).forEach(this::seriesOf);
      for (ToldStates.State gone : states.takeGone(nanos)) {
        if (gone.series != null) {
          end(gone.series);
        }
      }
      for (LiveSeries series : List.copyOf(live)) {
        if (isSilent.test(series.node)) {
          end(series);
          states.sleep(series.node);
        } else {
          series.append(clock.millis());
          for (Event event : series.takeUnshown()) {
            shown.add(new Shown(series.labels, event));
          }
        }
      }
      counters.values().removeIf(LiveSeries::hasEnded);
    }
    tell(shown);
  }

  private void end(LiveSeries series) {
    series.end(clock.millis());
    live.remove(series);
  }

  private void tell(List<Shown> shown) {
    for (Shown one : shown) {
      onAppended.accept(one.labels, one.event);
    }
  }

  private static String cut(String value) {
    if (value.length() <= LONGEST_VALUE) {
      return value;
    }
    // Half a character could not be written as JSON.
    boolean splits = Character.isHighSurrogate(value.charAt(LONGEST_VALUE - 1));
    return value.substring(0, splits ? LONGEST_VALUE - 1 : LONGEST_VALUE);
  }
}
