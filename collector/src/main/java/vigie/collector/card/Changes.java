package vigie.collector.card;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.EventQuery;
import vigie.collector.event.EventStore;
import vigie.collector.event.History;
import vigie.collector.event.StoredEvent;
import vigie.collector.event.SyslogRun;
import vigie.collector.label.LabelMatcher;

/**
 * What somebody or something changed on each node lately: boots, packages, deployments, reloads.
 * Kept in memory, so that a card waits for no search; at a start it comes from the event store.
 * Safe for all threads.
 */
public final class Changes implements EventListener {
  private static final Logger log = LoggerFactory.getLogger(Changes.class);
  private static final Duration KEPT = Duration.ofHours(1);
  private static final int MOST_NODES = 2_000;
  private static final int MOST_OF_NODE = 40;
  private static final int MOST_RESTORED = 500;
  private static final List<String> TYPES =
      List.of(
          "node.boot", "node.shutdown", "agent.reload", "agent.clock", "config.reload", "deploy");

  /** The program whose foreign records are changes. */
  private static final String DEPLOY = "deploy";

  /** Patterns whose matches are changes: docs/cards.md. */
  private static final Set<String> PATTERNS =
      Set.of("dpkg.installed", "dpkg.removed", "dpkg.upgraded", "changes.deploy", "changes.reload");

  private final Map<String, Deque<Event>> nodes =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Deque<Event>> eldest) {
          return size() > MOST_NODES;
        }
      };

  /** Takes up what the store has of the last hour. To be called before new events come. */
  public void restore(EventStore store, Instant now) {
    List<Event> history = new ArrayList<>(History.of(store, now, KEPT, TYPES));
    List<LabelMatcher> matches =
        List.of(LabelMatcher.equal("type", "log.match"), oneOf("pattern", PATTERNS));
    try {
      EventQuery query =
          new EventQuery(now.minus(KEPT), now.plus(KEPT), matches, "", MOST_RESTORED, "");
      store.search(query).events().forEach(stored -> history.add(stored.event()));
    } catch (RuntimeException e) {
      log.warn("what changed on nodes before the start is not restored cause={}", e.getMessage());
    }
    history.sort(Comparator.comparing(Event::received));
    history.forEach(event -> onEvent(event, false));
  }

  @Override
  public void onEvent(Event event, boolean late) {
    if (!isChange(event)) {
      return;
    }
    synchronized (this) {
      Deque<Event> changes = nodes.computeIfAbsent(event.node(), node -> new ArrayDeque<>());
      changes.addFirst(event);
      if (changes.size() > MOST_OF_NODE) {
        changes.removeLast();
      }
    }
  }

  @Override
  public void onSyslog(SyslogRun run, boolean late) {
    for (int i = 0; i < run.size(); i++) {
      if (run.app(i).equals(DEPLOY)) {
        onEvent(run.event(i), late);
      }
    }
  }

  /**
   * What the store has of changes on a node, the newest first, at most so many. Reads the disk.
   *
   * @throws IllegalStateException if the store takes too long
   */
  public static List<StoredEvent> of(EventStore store, String node, Instant since, int most) {
    Instant end = Instant.parse("9999-01-01T00:00:00Z");
    List<StoredEvent> found = new ArrayList<>();
    for (List<LabelMatcher> each :
        List.of(
            List.of(oneOf("type", TYPES)),
            List.of(LabelMatcher.equal("type", "log.match"), oneOf("pattern", PATTERNS)),
            List.of(LabelMatcher.equal("type", "syslog"), LabelMatcher.equal("app", DEPLOY)))) {
      List<LabelMatcher> matchers = new ArrayList<>(each);
      matchers.add(LabelMatcher.equal("node", node));
      EventQuery query = new EventQuery(since, end, matchers, "", most, "");
      found.addAll(store.search(query).events());
    }
    found.sort(Comparator.comparing((StoredEvent e) -> e.event().time()).reversed());
    return found.subList(0, Math.min(most, found.size()));
  }

  private static LabelMatcher oneOf(String name, Collection<String> values) {
    return new LabelMatcher(LabelMatcher.Op.REGEX, name, String.join("|", values));
  }

  /** Whether an event tells of a change that may be a cause. */
  static boolean isChange(Event event) {
    return switch (event.type()) {
      case "node.boot", "node.shutdown", "agent.reload", "agent.clock", "config.reload", "deploy" ->
          true;
      case "log.match" -> PATTERNS.contains(event.field("pattern"));
      case "syslog" -> event.app().equals(DEPLOY);
      default -> false;
    };
  }

  /**
   * What changed on the node in the hour before that moment, or until a minute after it (clocks
   * differ), the newest first, at most 40.
   */
  public synchronized List<Event> before(String node, Instant moment) {
    Deque<Event> changes = nodes.get(node);
    List<Event> found = new ArrayList<>();
    if (changes != null) {
      for (Event event : changes) {
        Instant at = event.time();
        if (at.isAfter(moment.minus(KEPT)) && at.isBefore(moment.plusSeconds(60))) {
          found.add(event);
        }
      }
    }
    found.sort(Comparator.comparing(Event::time).reversed());
    return List.copyOf(found);
  }
}
