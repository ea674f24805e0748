package vigie.collector.scrape;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Labels;

/**
 * What one target has shown before: from the bytes of a series to its labels. Targets show the same
 * series in the same order scrape after scrape, so the one that came next last time is tried first
 * and mostly right; only then a hash table is asked. Not safe for several threads.
 */
final class SeriesCache {
  /** One series of the target. */
  static final class Entry {
    final byte[] bytes;
    final int hash;

    /** With target labels and after relabelling; null where relabelling dropped the series. */
    final @Nullable Labels labels;

    /** The scrape that showed it last; none of a failed one counts. */
    long seen = -1;

    /** Whether its end is to be marked: a sample of it was taken, without a time of its own. */
    boolean live;

    private @Nullable Entry next;
    private @Nullable Entry chain;

    /** Not in the table any more, though another may still have it as its next. */
    private boolean removed;

    Entry(byte[] bytes, int hash, @Nullable Labels labels) {
      this.bytes = bytes;
      this.hash = hash;
      this.labels = labels;
    }
  }

  private @Nullable Entry[] table = new @Nullable Entry[64];
  private int size;
  private final Entry head = new Entry(new byte[0], 0, null);
  private Entry last = head;

  /** Begins a scrape: the order starts over. */
  void start() {
    last = head;
  }

  int size() {
    return size;
  }

  /** The entry of the parser's series, whose end is found on the way; null for one never seen. */
  @Nullable Entry find(Exposition parser) {
    Entry expected = last.next;
    if (expected != null && !expected.removed && parser.seriesIs(expected.bytes)) {
      last = expected;
      return expected;
    }
    parser.findSeriesEnd();
    byte[] text = parser.seriesIn();
    int from = parser.seriesStart();
    int to = parser.seriesEnd();
    int hash = hash(text, from, to);
    for (Entry entry = table[hash & table.length - 1]; entry != null; entry = entry.chain) {
      if (entry.hash == hash && Arrays.equals(entry.bytes, 0, entry.bytes.length, text, from, to)) {
        follow(entry);
        return entry;
      }
    }
    return null;
  }

  /** Adds the series that {@link #find} did not know. */
  Entry add(byte[] bytes, @Nullable Labels labels) {
    if (size >= table.length) {
      grow();
    }
    Entry entry = new Entry(bytes, hash(bytes, 0, bytes.length), labels);
    int slot = entry.hash & table.length - 1;
    entry.chain = table[slot];
    table[slot] = entry;
    size++;
    follow(entry);
    return entry;
  }

  private void follow(Entry entry) {
    if (last != entry) {
      last.next = entry;
    }
    last = entry;
  }

  /** Tells of every entry. */
  void forEach(java.util.function.Consumer<Entry> each) {
    for (Entry start : table) {
      for (Entry entry = start; entry != null; entry = entry.chain) {
        each.accept(entry);
      }
    }
  }

  /** Takes out what was not seen in this scrape, telling of each. */
  void removeUnseen(long scrape, java.util.function.Consumer<Entry> gone) {
    for (int slot = 0; slot < table.length; slot++) {
      Entry before = null;
      for (Entry entry = table[slot]; entry != null; entry = entry.chain) {
        if (entry.seen == scrape) {
          before = entry;
          continue;
        }
        if (before == null) {
          table[slot] = entry.chain;
        } else {
          before.chain = entry.chain;
        }
        size--;
        entry.removed = true;
        entry.next = null;
        gone.accept(entry);
      }
    }
  }

  private void grow() {
    @Nullable Entry[] old = table;
    table = new @Nullable Entry[old.length * 2];
    for (Entry entry : old) {
      while (entry != null) {
        Entry next = entry.chain;
        int slot = entry.hash & table.length - 1;
        entry.chain = table[slot];
        table[slot] = entry;
        entry = next;
      }
    }
  }

  private static int hash(byte[] text, int from, int to) {
    int hash = 1;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text[i];
    }
    return hash ^ hash >>> 16;
  }
}
