package vigie.collector.alert;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;

/**
 * One alert as it stands: what a rule says of one label set.
 *
 * @param labels with {@code alertname}; its identity
 * @param annotations expanded
 * @param state where it stands
 * @param activeAt the time of the evaluation at which its expression first held; what an event told
 *     happened at the event's own time, see {@code events}
 * @param firedAt when it began to fire; null while pending
 * @param resolvedAt when it ended; null until then
 * @param knownAt when the collector knew of this state
 * @param value of the expression at the last evaluation that held
 * @param rule the group and the name of its rule, {@code group/alertname}; {@code ""} where another
 *     server sent it
 * @param events that the rule's selectors took and this alert's labels fit, newest first, at most
 *     10
 * @param keptSince since when only {@code keep_firing_for} keeps it; null where its expression
 *     holds or it does not fire
 */
public record Alert(
    Labels labels,
    Labels annotations,
    AlertState state,
    Instant activeAt,
    @Nullable Instant firedAt,
    @Nullable Instant resolvedAt,
    Instant knownAt,
    double value,
    String rule,
    List<Event> events,
    @Nullable Instant keptSince) {
  /**
   * The label whose value is a drill's id. An alert that has it tests the way and means nothing:
   * its card is one of its own, says so, and pings nobody.
   */
  public static final String DRILL = "drill";

  public Alert {
    events = List.copyOf(events);
  }

  /** All of all lists; of those with the same labels the first. */
  @SafeVarargs
  public static List<Alert> join(List<Alert>... lists) {
    List<List<Alert>> some = Stream.of(lists).filter(list -> !list.isEmpty()).toList();
    if (some.size() < 2) {
      return some.isEmpty() ? List.of() : some.get(0);
    }
    Map<Labels, Alert> all = new LinkedHashMap<>();
    some.forEach(list -> list.forEach(alert -> all.putIfAbsent(alert.labels(), alert)));
    return List.copyOf(all.values());
  }

  /** One whose expression holds. */
  public Alert(
      Labels labels,
      Labels annotations,
      AlertState state,
      Instant activeAt,
      @Nullable Instant firedAt,
      @Nullable Instant resolvedAt,
      Instant knownAt,
      double value,
      String rule,
      List<Event> events) {
    this(
        labels,
        annotations,
        state,
        activeAt,
        firedAt,
        resolvedAt,
        knownAt,
        value,
        rule,
        events,
        null);
  }

  /** The same alert, over since then and known to be. */
  public Alert ended(Instant now) {
    return ended(now, now);
  }

  /**
   * The same alert, over.
   *
   * @param at when it ended; not before it began
   */
  public Alert ended(Instant at, Instant known) {
    return new Alert(
        labels,
        annotations,
        AlertState.RESOLVED,
        activeAt,
        firedAt,
        at.isBefore(since()) ? since() : at,
        known,
        value,
        rule,
        events);
  }

  /** 16 hexadecimal digits that stay the same for the same labels, as Alertmanager's. */
  public String fingerprint() {
    return labels.fingerprint();
  }

  public String name() {
    return labels.get("alertname");
  }

  /**
   * The node it is about: the label {@code node}, else {@code instance} without its port; {@code
   * ""} if neither.
   */
  public String node() {
    String node = labels.get("node");
    if (!node.isEmpty()) {
      return node;
    }
    String instance = labels.get("instance");
    int colon = instance.lastIndexOf(':');
    return colon > instance.lastIndexOf(']') ? instance.substring(0, colon) : instance;
  }

  /**
   * What on the node it is about: the label {@code target}, {@code unit}, {@code mountpoint} or
   * {@code device}.
   */
  public String target() {
    for (String name : new String[] {"target", "unit", "mountpoint", "device"}) {
      if (labels.has(name)) {
        return labels.get(name);
      }
    }
    return "";
  }

  /** The label {@code severity}, {@code ""} where the rule sets none. */
  public String severity() {
    return labels.get("severity");
  }

  /** The state {@code since}: resolved, fired or active. */
  public Instant since() {
    return resolvedAt != null ? resolvedAt : firedAt != null ? firedAt : activeAt;
  }
}
