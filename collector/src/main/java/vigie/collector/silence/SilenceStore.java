package vigie.collector.silence;

import java.util.Collection;
import java.util.List;

/**
 * Keeps silences over a restart. What was saved or removed is durable when the call returns. Safe
 * for all threads.
 *
 * <p>The two that write throw {@link java.io.UncheckedIOException} if the disk refuses.
 */
public interface SilenceStore {
  List<Silence> load();

  /** Saves each under its id, in the place of an earlier one. */
  void save(Collection<Silence> silences);

  /** Removes those with these ids, where there are any. */
  void remove(Collection<String> ids);
}
