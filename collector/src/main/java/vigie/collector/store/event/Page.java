package vigie.collector.store.event;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import vigie.collector.event.Event;
import vigie.collector.event.StoredEvent;

/** The newest events that a search found, as many as are wanted and memory allows. */
final class Page {
  /** Texts may be long: a page ends when its events take so much. */
  private static final long MOST_BYTES = 8 << 20;

  private final int limit;
  private final TreeMap<Long, StoredEvent> events = new TreeMap<>(Comparator.reverseOrder());
  private long sizeBytes;

  Page(int limit) {
    this.limit = limit;
  }

  /** Whether this event and all older ones have no place any more. */
  boolean isFullFor(long id) {
    return isFull() && id < events.lastKey();
  }

  private boolean isFull() {
    return events.size() >= limit || sizeBytes >= MOST_BYTES;
  }

  /** Takes the event; false if that and all older ones have no place any more. */
  boolean take(long id, Event event, ResultSet row) throws SQLException {
    if (isFullFor(id)) {
      return false;
    }
    StoredEvent stored = EventRows.stored(row, event);
    StoredEvent same = events.put(id, stored);
    sizeBytes += sizeBytes(stored) - (same == null ? 0 : sizeBytes(same));
    while (events.size() > limit
        || (events.size() > 1
            && sizeBytes - sizeBytes(events.lastEntry().getValue()) >= MOST_BYTES)) {
      sizeBytes -= sizeBytes(events.pollLastEntry().getValue());
    }
    return true;
  }

  private static long sizeBytes(StoredEvent stored) {
    long size = 500 + 2L * stored.event().text().length() + stored.raw().remaining();
    for (Map.Entry<String, String> field : stored.event().fields().entrySet()) {
      size += 100 + 2L * (field.getKey().length() + field.getValue().length());
    }
    return size;
  }

  List<StoredEvent> events() {
    return new ArrayList<>(events.values());
  }

  /** The id behind which the next page begins; {@code ""} where this one has all. */
  String next() {
    return isFull() ? Ids.text(events.lastKey()) : "";
  }
}
