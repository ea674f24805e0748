package vigie.collector.dispatch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.label.Labels;

/** The alerts of one incident; guarded by the lock of the {@link Dispatcher}. */
final class Group {
  static final long NEVER = Long.MAX_VALUE;

  /** How long a told alert's new texts wait for more of them, where the receiver edits. */
  private static final Duration REFRESH = Duration.ofSeconds(30);

  /** Ended alerts kept of a group that goes on firing; of older ones there is the number. */
  private static final int MOST_RESOLVED = 200;

  /** A group this large is not told anew for each alert: telling costs as much as it has alerts. */
  private static final int LARGE = 100;

  private static final Duration LARGE_PAUSE = Duration.ofSeconds(1);

  /** What the receiver and the route ask for. */
  record Timing(
      boolean edits, Duration groupWait, Duration groupInterval, Duration repeatInterval) {}

  private enum Change {
    NONE,
    /** Only texts of alerts that were told. */
    TEXTS,
    /** An alert joined or left. */
    MEMBERS
  }

  private final String key;
  private final String receiver;
  private final Labels labels;
  private final String incident;
  private final Instant firstChange;
  private final Timing timing;
  private final Map<String, Alert> firing = new LinkedHashMap<>();
  private final Map<String, Alert> resolved = new LinkedHashMap<>();
  private final long begunNanos;
  private int olderResolved;
  private Change change = Change.NONE;
  private boolean told;
  private long toldNanos;
  private Instant lastChange;
  private long wakeNanos = NEVER;

  /** A new incident. */
  Group(String key, String receiver, Labels labels, Timing timing, long nanos, Instant now) {
    this.key = key;
    this.receiver = receiver;
    this.labels = labels;
    this.timing = timing;
    this.incident = UUID.nameUUIDFromBytes((key + now).getBytes(UTF_8)).toString().substring(0, 18);
    this.firstChange = now;
    this.lastChange = now;
    this.begunNanos = nanos;
  }

  /** An incident that was told before the restart. */
  Group(Notification last, Timing timing, long nanos) {
    this.key = last.groupKey();
    this.receiver = last.receiver();
    this.labels = last.groupLabels();
    this.timing = timing;
    this.incident = last.incident();
    this.firstChange = last.firstChange();
    this.lastChange = last.lastChange();
    this.begunNanos = nanos;
    this.told = true;
    this.toldNanos = nanos;
    for (Alert alert : last.alerts()) {
      (alert.state() == AlertState.FIRING ? firing : resolved).put(alert.fingerprint(), alert);
    }
    this.olderResolved = last.resolved() - resolved.size();
  }

  String key() {
    return key;
  }

  String receiver() {
    return receiver;
  }

  Collection<Alert> firing() {
    return firing.values();
  }

  boolean isFiring() {
    return !firing.isEmpty();
  }

  boolean wasTold() {
    return told;
  }

  /** Takes a new state of an alert; the end of one that never fired here is nothing. */
  void take(Alert state, Instant now) {
    Alert alert = Trim.alert(state);
    String fingerprint = alert.fingerprint();
    if (alert.state() == AlertState.FIRING) {
      Alert before = firing.put(fingerprint, alert);
      resolved.remove(fingerprint);
      if (before == null) {
        changed(Change.MEMBERS, now);
      } else if (!looksLike(before, alert)) {
        changed(Change.TEXTS, now);
      }
    } else if (firing.remove(fingerprint) != null) {
      resolved.put(fingerprint, alert);
      if (resolved.size() > MOST_RESOLVED) {
        resolved.remove(resolved.keySet().iterator().next());
        olderResolved++;
      }
      changed(Change.MEMBERS, now);
    }
  }

  private void changed(Change what, Instant now) {
    lastChange = now;
    if (what.compareTo(change) > 0) {
      change = what;
    }
  }

  /** The same to a reader: the value and the moment of knowing are not shown. */
  private static boolean looksLike(Alert a, Alert b) {
    return a.annotations().equals(b.annotations())
        && a.since().equals(b.since())
        && a.events().equals(b.events());
  }

  /** When the sink is to be told, on the monotonic clock; {@link #NEVER} if nothing changed. */
  long dueNanos(long now) {
    if (!told) {
      return begunNanos + timing.groupWait().toNanos();
    }
    if (!timing.edits()) {
      Duration pause = change == Change.NONE ? timing.repeatInterval() : timing.groupInterval();
      return toldNanos + pause.toNanos();
    }
    return switch (change) {
      case NONE -> NEVER;
      case TEXTS -> toldNanos + REFRESH.toNanos();
      case MEMBERS -> firing.size() > LARGE ? toldNanos + LARGE_PAUSE.toNanos() : now;
    };
  }

  /** What is to be seen now; the caller tells it. */
  Notification tell(long nanos) {
    told = true;
    toldNanos = nanos;
    change = Change.NONE;
    return notification();
  }

  /** Whether a wake-up at that time is news: none is planned before. */
  boolean wakeAt(long nanos) {
    if (nanos >= wakeNanos) {
      return false;
    }
    wakeNanos = nanos;
    return true;
  }

  void woken(long nanos) {
    if (wakeNanos == nanos) {
      wakeNanos = NEVER;
    }
  }

  Notification notification() {
    List<Alert> shared = List.copyOf(isFiring() ? firing.values() : resolved.values());
    List<Alert> listed = new ArrayList<>(newest(firing.values(), Notification.MOST_ALERTS));
    listed.addAll(newest(resolved.values(), Notification.MOST_ALERTS - listed.size()));
    return new Notification(
        incident,
        key,
        receiver,
        labels,
        common(shared.stream().map(Alert::labels).toList()),
        common(shared.stream().map(Alert::annotations).toList()),
        listed,
        firing.size(),
        resolved.size() + olderResolved,
        firstChange,
        lastChange);
  }

  private static List<Alert> newest(Collection<Alert> alerts, int most) {
    return alerts.stream()
        .sorted(Comparator.comparing(Alert::since).reversed().thenComparing(Alert::labels))
        .limit(most)
        .toList();
  }

  /** The names that all have, with the same value. */
  private static Labels common(List<Labels> all) {
    Map<String, String> common = all.get(0).toMap();
    for (Labels labels : all) {
      common.entrySet().removeIf(pair -> !labels.get(pair.getKey()).equals(pair.getValue()));
      if (common.isEmpty()) {
        break;
      }
    }
    return Labels.of(common);
  }
}
