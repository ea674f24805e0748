package vigie.collector.dispatch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.inhibit.RootCause;
import vigie.collector.label.Labels;

/**
 * The alerts of one incident; guarded by the lock of the {@link Dispatcher}. An alert that is held
 * back before anybody was told of it is hidden: it is in no notification until it no longer is held
 * back. One that was told stays, whatever holds it back later, and its end is told too.
 */
final class Group {
  static final long NEVER = Long.MAX_VALUE;

  /** How long a told alert's new texts wait for more of them, where the receiver edits. */
  private static final Duration REFRESH = Duration.ofSeconds(30);

  /** Ended alerts kept of a group that goes on firing; of older ones there is the number. */
  private static final int MOST_RESOLVED = 200;

  /** Likewise of those that were told here under their root cause. */
  private static final int MOST_HELD = 200;

  /** A group this large is not told anew for each alert: telling costs as much as it has alerts. */
  private static final int LARGE = 100;

  private static final Duration LARGE_PAUSE = Duration.ofSeconds(1);

  /**
   * What the receiver and the route ask for.
   *
   * @param intervals when the route tells nobody
   */
  record Timing(
      boolean edits,
      Duration groupWait,
      Duration groupInterval,
      Duration repeatInterval,
      Muting intervals) {}

  private enum Change {
    NONE,
    /** Only texts of alerts that were told. */
    TEXTS,
    /** What stands beside alerts that were told: nobody is paged for it. */
    NOTES,
    /** An alert joined or left. */
    MEMBERS
  }

  private final String key;
  private final String receiver;
  private final Labels labels;
  private final String incident;
  private Instant firstChange;
  private Timing timing;
  private final Map<String, Alert> firing = new LinkedHashMap<>();
  private final Map<String, Alert> resolved = new LinkedHashMap<>();

  /** Those of the firing ones that are held back and were never told. */
  private final Set<String> hidden = new LinkedHashSet<>();

  /** Those of the firing ones that were told. */
  private final Set<String> toldOf = new HashSet<>();

  private final Map<String, AlertMark> marks = new HashMap<>();
  private final Map<String, Notes.Held> held = new LinkedHashMap<>();
  private final List<Notes.Line> lines = new ArrayList<>();
  private int heldCount;
  private final long begunNanos;
  private int olderResolved;
  private Change change = Change.NONE;
  private boolean told;
  private long toldNanos;
  private Instant lastChange;
  private long wakeNanos = NEVER;

  /** The end is not told before that: more that belongs to it is on its way. */
  private long endNotBefore = Long.MIN_VALUE;

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
    Notes notes = last.notes();
    toldOf.addAll(firing.keySet());
    marks.putAll(notes.marks());
    List<Notes.Held> newestFirst = notes.held();
    for (int i = newestFirst.size() - 1; i >= 0; i--) {
      held.put(newestFirst.get(i).fingerprint(), newestFirst.get(i));
    }
    heldCount = notes.heldCount();
    lines.addAll(notes.lines());
  }

  String key() {
    return key;
  }

  String receiver() {
    return receiver;
  }

  Labels labels() {
    return labels;
  }

  void timing(Timing next) {
    timing = next;
  }

  boolean hasIntervals() {
    return !timing.intervals().isEmpty();
  }

  boolean edits() {
    return timing.edits();
  }

  /** All that fire, hidden or not. */
  Collection<Alert> firing() {
    return firing.values();
  }

  /** Whether there is anything to be told now or later. */
  boolean isFiring() {
    return !firing.isEmpty();
  }

  /** What stands beside one that fires. */
  AlertMark mark(String fingerprint) {
    return marks.getOrDefault(fingerprint, AlertMark.NONE);
  }

  /** Whether an alert of it tells, or told, that the node is silent. */
  boolean tellsSilenceOf(String node) {
    return Stream.concat(firing.values().stream(), resolved.values().stream())
        .anyMatch(a -> a.node().equals(node) && RootCause.tellsSilence(a.labels()));
  }

  boolean isHidden(String fingerprint) {
    return hidden.contains(fingerprint);
  }

  boolean wasTold() {
    return told;
  }

  boolean wasToldOf(String fingerprint) {
    return toldOf.contains(fingerprint);
  }

  private int shown() {
    return firing.size() - hidden.size();
  }

  /** Whether there is an incident that somebody sees or is to see. */
  boolean isSeen() {
    return told || shown() > 0;
  }

  /**
   * An alert fires, or what stands beside it is another.
   *
   * @param hold whether it is held back although nothing is known to do so
   */
  void put(Alert state, AlertMark mark, boolean hold, Instant now) {
    Alert alert = Trim.alert(state);
    String fingerprint = alert.fingerprint();
    Alert before = firing.put(fingerprint, alert);
    AlertMark whole = mark.mutedBy(timing.intervals().at(now));
    AlertMark markBefore = marks.put(fingerprint, whole);
    if (!toldOf.contains(fingerprint) && (hold || whole.isSuppressed())) {
      hidden.add(fingerprint);
      return;
    }
    resolved.remove(fingerprint);
    boolean appears = hidden.remove(fingerprint);
    if (before == null || appears) {
      if (!told && shown() == 1) {
        firstChange = now;
      }
      changed(Change.MEMBERS, now);
    } else if (!whole.equals(markBefore == null ? AlertMark.NONE : markBefore)) {
      changed(Change.NOTES, now);
    } else if (!looksLike(before, alert)) {
      changed(Change.TEXTS, now);
    }
  }

  /** An alert ended; one that never fired here, or of which nobody was told, is nothing. */
  void end(Alert state, Instant now) {
    String fingerprint = state.fingerprint();
    if (firing.remove(fingerprint) == null) {
      return;
    }
    marks.remove(fingerprint);
    toldOf.remove(fingerprint);
    if (hidden.remove(fingerprint)) {
      return;
    }
    resolved.put(fingerprint, Trim.alert(state));
    if (resolved.size() > MOST_RESOLVED) {
      resolved.remove(resolved.keySet().iterator().next());
      olderResolved++;
    }
    changed(Change.MEMBERS, now);
  }

  /** Tells of an alert under this one, its root cause, or that it ended. */
  void hold(Notes.Held child, Instant now) {
    Notes.Held before = held.remove(child.fingerprint());
    held.put(child.fingerprint(), child);
    if (child.equals(before)) {
      return;
    }
    heldCount += before == null ? 1 : 0;
    if (held.size() > MOST_HELD) {
      held.remove(held.keySet().iterator().next());
    }
    changed(Change.NOTES, now);
  }

  /** It stands for itself again. */
  void letGo(String fingerprint, Instant now) {
    if (held.remove(fingerprint) != null) {
      heldCount--;
      changed(Change.NOTES, now);
    }
  }

  void say(Collection<Notes.Line> more, Instant now) {
    if (more.isEmpty()) {
      return;
    }
    lines.addAll(more);
    lines.sort(Comparator.comparing(Notes.Line::at));
    while (lines.size() > Notes.MOST_LINES) {
      lines.remove(0);
    }
    changed(Change.NOTES, now);
  }

  void endNotBefore(long nanos) {
    endNotBefore = Math.max(endNotBefore, nanos);
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
      return shown() == 0 ? NEVER : begunNanos + timing.groupWait().toNanos();
    }
    if (!timing.edits()) {
      boolean repeats = change == Change.NONE || change == Change.NOTES;
      if (repeats && isAllSuppressed()) {
        return NEVER;
      }
      Duration pause = repeats ? timing.repeatInterval() : timing.groupInterval();
      return toldNanos + pause.toNanos();
    }
    return switch (change) {
      case NONE -> NEVER;
      case TEXTS -> toldNanos + REFRESH.toNanos();
      case NOTES, MEMBERS ->
          shown() == 0
              ? Math.max(now, endNotBefore)
              : firing.size() > LARGE || !held.isEmpty() ? toldNanos + LARGE_PAUSE.toNanos() : now;
    };
  }

  private boolean isAllSuppressed() {
    return firing.keySet().stream()
        .allMatch(f -> marks.getOrDefault(f, AlertMark.NONE).isSuppressed());
  }

  /** What is to be seen now; the caller tells it. */
  Notification tell(long nanos) {
    told = true;
    toldNanos = nanos;
    change = Change.NONE;
    toldOf.addAll(firing.keySet());
    toldOf.removeAll(hidden);
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

  /** As it would be told; only of one that {@link #isSeen}. */
  Notification notification() {
    List<Alert> shown =
        firing.values().stream().filter(a -> !hidden.contains(a.fingerprint())).toList();
    List<Alert> shared = List.copyOf(shown.isEmpty() ? resolved.values() : shown);
    List<Alert> listed = new ArrayList<>(newest(shown, Notification.MOST_ALERTS));
    listed.addAll(newest(resolved.values(), Notification.MOST_ALERTS - listed.size()));
    return new Notification(
        incident,
        key,
        receiver,
        labels,
        common(shared.stream().map(Alert::labels).toList()),
        common(shared.stream().map(Alert::annotations).toList()),
        listed,
        shown.size(),
        resolved.size() + olderResolved,
        firstChange,
        lastChange,
        notes(listed));
  }

  private Notes notes(List<Alert> listed) {
    Map<String, AlertMark> said = new HashMap<>();
    for (Alert alert : listed) {
      AlertMark mark = marks.getOrDefault(alert.fingerprint(), AlertMark.NONE);
      if (!mark.equals(AlertMark.NONE)) {
        said.put(alert.fingerprint(), mark);
      }
    }
    List<Notes.Held> children = new ArrayList<>(held.values());
    children.sort(Comparator.comparing(Notes.Held::since).reversed());
    return said.isEmpty() && children.isEmpty() && lines.isEmpty()
        ? Notes.NONE
        : new Notes(said, children.stream().limit(Notes.MOST_HELD).toList(), heldCount, lines);
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
