package vigie.agent.source;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Event;
import vigie.base.time.Clock;

/**
 * Holds repetitions of an event back and tells how many they were: the first at once, then one
 * summary at the end of a window of one minute, which doubles up to ten while it goes on. A window
 * without a repetition ends it. Not safe for several threads.
 */
final class Folding {
  private static final Duration SHORTEST = Duration.ofMinutes(1);
  private static final Duration LONGEST = Duration.ofMinutes(10);
  private static final int MOST = 256;
  private static final int MOST_TEXT = 1024;

  private final Clock clock;
  private final Map<Key, Fold> folds = new LinkedHashMap<>();

  Folding(Clock clock) {
    this.clock = clock;
  }

  /** Of what an event is a repetition; a hash, since a text may be long. */
  record Key(String pattern, long hash) {
    static Key of(String pattern, Iterable<String> parts) {
      long hash = 0xcbf29ce484222325L; // FNV-1a, 64 bits
      for (String part : parts) {
        for (int i = 0; i < part.length(); i++) {
          hash = (hash ^ part.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ 0x1_0000) * 0x100000001b3L;
      }
      return new Key(pattern, hash);
    }
  }

  /** Whether this repeats what was told lately; it is then counted, and told by {@link #due}. */
  boolean takes(Key key, Event event) {
    Fold fold = folds.get(key);
    if (fold == null) {
      return false;
    }
    fold.repeated++;
    fold.first = fold.first == null ? event.time() : fold.first;
    fold.last = Fold.slim(event);
    return true;
  }

  /**
   * Notes an event that was told, so that what repeats it is folded from now on.
   *
   * @return the summary of another one that had to make room; null mostly
   */
  @Nullable Event told(Key key, Event event) {
    Event summary = null;
    if (folds.size() >= MOST) {
      Iterator<Fold> eldest = folds.values().iterator();
      Fold gone = eldest.next();
      eldest.remove();
      summary = gone.repeated == 0 ? null : gone.summary();
    }
    folds.put(key, new Fold(event, clock.nanos()));
    return summary;
  }

  boolean isEmpty() {
    return folds.isEmpty();
  }

  /** Summaries of the windows that are over; with {@code all} of those that are not, too. */
  List<Event> due(boolean all) {
    List<Event> summaries = new ArrayList<>();
    long now = clock.nanos();
    for (Iterator<Fold> each = folds.values().iterator(); each.hasNext(); ) {
      Fold fold = each.next();
      if (!all && now - fold.began < fold.window.toNanos()) {
        continue;
      }
      if (fold.repeated == 0) {
        each.remove();
      } else {
        summaries.add(fold.summary());
        fold.again(now);
      }
    }
    return summaries;
  }

  private static final class Fold {
    private Event last;
    private @Nullable Instant first;
    private long repeated;
    private long began;
    private Duration window = SHORTEST;

    Fold(Event told, long began) {
      this.last = slim(told);
      this.began = began;
    }

    void again(long now) {
      repeated = 0;
      first = null;
      began = now;
      window = window.multipliedBy(2).compareTo(LONGEST) < 0 ? window.multipliedBy(2) : LONGEST;
    }

    Event summary() {
      Map<String, String> fields = new LinkedHashMap<>(last.fields());
      fields.put("repeated", Long.toString(repeated));
      fields.put("first", String.valueOf(first));
      fields.put("last", String.valueOf(last.time()));
      return new Event(
          last.time(),
          last.severity(),
          last.type(),
          fields,
          "repeated " + repeated + (repeated == 1 ? " time: " : " times: ") + last.text());
    }

    /** What is kept of an event: bounded, and without the place, which would be an old one. */
    private static Event slim(Event event) {
      Map<String, String> fields = new LinkedHashMap<>(event.fields());
      fields.remove("more");
      String text = event.text().substring(0, Math.min(event.text().length(), MOST_TEXT));
      return new Event(event.time(), event.severity(), event.type(), fields, text);
    }
  }
}
