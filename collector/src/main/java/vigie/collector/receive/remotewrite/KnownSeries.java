package vigie.collector.receive.remotewrite;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import vigie.base.remotewrite.WriteReader;
import vigie.collector.label.Labels;

/**
 * What was made of the labels that senders say, by the bytes they say them in: a series that was
 * seen lately costs no string. Bounded: when it is full, what was not used since it was last full
 * is forgotten. Safe for all threads.
 */
final class KnownSeries implements WriteReader.Labelling<KnownSeries.Known> {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /**
   * A series.
   *
   * @param labels null where they are none
   * @param fault why they are none
   * @param isState see {@link PushedStates}
   * @param node {@code ""} where there is no such label
   */
  record Known(
      @Nullable Labels labels, String fault, String node, boolean tellsOfLife, boolean isState) {}

  /** Bytes within an array; what is kept has an array of its own. */
  private static final class Key {
    private final byte[] from;
    private final int start;
    private final int end;
    private final int hash;

    Key(byte[] from, int start, int end) {
      this.from = from;
      this.start = start;
      this.end = end;
      this.hash = hash(from, start, end);
    }

    private static int hash(byte[] from, int start, int end) {
      long hash = end - start;
      int at = start;
      for (; at <= end - 8; at += 8) {
        hash = (hash ^ (long) LONGS.get(from, at)) * 0x9E3779B97F4A7C15L;
        hash ^= hash >>> 29;
      }
      for (; at < end; at++) {
        hash = (hash ^ from[at]) * 0x9E3779B97F4A7C15L;
      }
      return (int) (hash ^ hash >>> 32);
    }

    Key kept() {
      return new Key(Arrays.copyOfRange(from, start, end), 0, end - start);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key
          && hash == key.hash
          && Arrays.equals(from, start, end, key.from, key.start, key.end);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  private final long mostBytes;

  // Swapped under this.
  private volatile ConcurrentHashMap<Key, Known> lately = new ConcurrentHashMap<>();
  private volatile ConcurrentHashMap<Key, Known> before = new ConcurrentHashMap<>();
  private long bytes;

  /**
   * @param mostBytes of keys, half of it used since it was last full
   */
  KnownSeries(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  @Override
  public @Nullable Known known(byte[] from, int start, int end) {
    Key key = new Key(from, start, end);
    Known known = lately.get(key);
    if (known == null) {
      known = before.get(key);
      if (known != null) {
        keep(key, known);
      }
    }
    return known;
  }

  @Override
  public Known of(List<String> texts, byte[] from, int start, int end) {
    Known made;
    try {
      Labels labels = SeriesLabels.of(texts);
      made =
          new Known(
              labels, "", labels.get("node"), tellsOfLife(labels), PushedStates.isState(labels));
    } catch (IllegalArgumentException e) {
      made = new Known(null, texts + ": " + e.getMessage(), "", false, false);
    }
    if (end > start && made.labels != null) {
      keep(new Key(from, start, end), made);
    }
    return made;
  }

  /**
   * What an agent says of itself, or a scrape of its target: labels that a target gave to its
   * series, such as the node of a pod, name hosts of others.
   */
  private static boolean tellsOfLife(Labels labels) {
    String metric = labels.metricName();
    return metric.equals("up") || metric.equals("vigie_build_info");
  }

  private synchronized void keep(Key key, Known known) {
    Key kept = key.kept();
    if (lately.put(kept, known) == null) {
      bytes += kept.end + 100L;
    }
    if (bytes > mostBytes / 2) {
      before = lately;
      lately = new ConcurrentHashMap<>();
      bytes = 0;
    }
  }
}
