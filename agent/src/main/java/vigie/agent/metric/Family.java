package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of one name: made once, filled during each scrape, emptied into a snapshot at its
 * end. One thread at a time.
 */
abstract class Family {
  private static final int MAX_POINTS = 20_000;

  private final String name;
  final MetricMetadata metadata;

  private Family(String name, String help) {
    this.name = name;
    // Not the library's builders: they strip _total from a counter's name, which breaks name[].
    metadata = new MetricMetadata(name, help);
  }

  static Family gauge(String name, String help) {
    return new Gauge(name, help);
  }

  /** A counter; {@code name} ends in {@code _total}. */
  static Family counter(String name, String help) {
    return new Counter(name, help);
  }

  /** What the kernel tells without saying whether it only grows. */
  static Family untyped(String name, String help) {
    return new Untyped(name, help);
  }

  /** A snapshot that was made before; told whenever anything is added. */
  static Family ready(String name, MetricSnapshot snapshot) {
    return new Ready(name, snapshot);
  }

  /** The name as it is exposed, {@code _total} included. */
  final String name() {
    return name;
  }

  /** Its type as Prometheus calls it. */
  abstract String type();

  /** Adds a value without labels; NaN stands for "not told" and adds nothing. */
  final void add(double value) {
    add(Labels.EMPTY, value);
  }

  /** Adds a value; NaN stands for "not told" and adds nothing. */
  abstract void add(Labels labels, double value);

  /** What was added since the last call; null when nothing was. */
  abstract @Nullable MetricSnapshot take();

  private static final class Gauge extends Family {
    private final List<GaugeDataPointSnapshot> points = new ArrayList<>();

    Gauge(String name, String help) {
      super(name, help);
    }

    @Override
    String type() {
      return "gauge";
    }

    @Override
    void add(Labels labels, double value) {
      if (!Double.isNaN(value) && points.size() < MAX_POINTS) {
        points.add(new GaugeDataPointSnapshot(value, labels, null));
      }
    }

    @Override
    @Nullable MetricSnapshot take() {
      if (points.isEmpty()) {
        return null;
      }
      try {
        return new GaugeSnapshot(metadata, points);
      } finally {
        points.clear();
      }
    }
  }

  private static final class Counter extends Family {
    private final List<CounterDataPointSnapshot> points = new ArrayList<>();

    Counter(String name, String help) {
      super(name, help);
    }

    @Override
    String type() {
      return "counter";
    }

    @Override
    void add(Labels labels, double value) {
      if (value >= 0 && points.size() < MAX_POINTS) {
        points.add(new CounterDataPointSnapshot(value, labels, null, 0));
      }
    }

    @Override
    @Nullable MetricSnapshot take() {
      if (points.isEmpty()) {
        return null;
      }
      try {
        return new CounterSnapshot(metadata, points);
      } finally {
        points.clear();
      }
    }
  }

  private static final class Untyped extends Family {
    private final List<UnknownDataPointSnapshot> points = new ArrayList<>();

    Untyped(String name, String help) {
      super(name, help);
    }

    @Override
    String type() {
      return "untyped";
    }

    @Override
    void add(Labels labels, double value) {
      if (!Double.isNaN(value) && points.size() < MAX_POINTS) {
        points.add(new UnknownDataPointSnapshot(value, labels, null));
      }
    }

    @Override
    @Nullable MetricSnapshot take() {
      if (points.isEmpty()) {
        return null;
      }
      try {
        return new UnknownSnapshot(metadata, points);
      } finally {
        points.clear();
      }
    }
  }

  private static final class Ready extends Family {
    private final MetricSnapshot snapshot;
    private boolean added;

    Ready(String name, MetricSnapshot snapshot) {
      super(name, "");
      this.snapshot = snapshot;
    }

    @Override
    String type() {
      return "as the file says";
    }

    @Override
    void add(Labels labels, double value) {
      added = true;
    }

    @Override
    @Nullable MetricSnapshot take() {
      MetricSnapshot taken = added ? snapshot : null;
      added = false;
      return taken;
    }
  }
}
