package vigie.collector.store.state;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A small durable map from keys to bytes in a folder: what was put is on the disk when the call
 * returns. One owner per folder. Safe for all threads.
 */
public final class StateLog implements AutoCloseable {
  private StateLog() {}

  /**
   * Opens or makes the map in {@code folder}.
   *
   * @throws java.io.UncheckedIOException if the folder cannot be used; the message names it
   */
  public static StateLog open(Path folder) {
    throw new UnsupportedOperationException("state log in " + folder + ": not built yet");
  }

  /** The value last put, or null where there is none; the caller does not change it. */
  public byte @Nullable [] get(String key) {
    throw new UnsupportedOperationException(key);
  }

  /** All keys that begin with {@code prefix}, in no order. */
  public List<String> keys(String prefix) {
    throw new UnsupportedOperationException(prefix);
  }

  /**
   * Sets one value; durable when this returns, several threads sharing one sync.
   *
   * @throws java.io.UncheckedIOException if the disk refuses; the map then holds the new value, but
   *     a restart may bring the old one back
   */
  public void put(String key, byte[] value) {
    putAll(Map.of(key, value));
  }

  /** Sets several values with one sync; each is durable when this returns. See {@link #put}. */
  public void putAll(Map<String, byte[]> values) {
    throw new UnsupportedOperationException(values.keySet().toString());
  }

  /** Removes one value, where there is one; durable when this returns. See {@link #put}. */
  public void remove(String key) {
    throw new UnsupportedOperationException(key);
  }

  @Override
  public void close() {}
}
