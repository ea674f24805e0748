package vigie.collector.alert;

import java.util.Collection;
import java.util.List;

/**
 * Keeps acknowledgements over a restart. What was saved or removed is durable when the call
 * returns. Safe for all threads.
 *
 * <p>The two that write throw {@link java.io.UncheckedIOException} if the disk refuses.
 */
public interface AcknowledgementStore {
  List<Acknowledgement> load();

  /** Saves each under its fingerprint, in the place of an earlier one. */
  void save(Collection<Acknowledgement> acknowledgements);

  /** Removes those of these fingerprints, where there are any. */
  void remove(Collection<String> fingerprints);
}
