package vigie.collector.alert;

import java.util.Collection;
import java.util.List;

/** Keeps posted alerts over a restart. Safe for all threads. */
public interface PostedAlertStore {
  List<PostedAlert> load();

  /**
   * Saves each under its fingerprint and removes others; durable when this returns.
   *
   * @param gone fingerprints
   * @throws java.io.UncheckedIOException if the disk refuses
   */
  void save(Collection<PostedAlert> changed, Collection<String> gone);
}
