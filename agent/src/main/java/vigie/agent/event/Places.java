package vigie.agent.event;

import org.jspecify.annotations.Nullable;

/** Remembers the newest {@link Place} of each source. Safe for all threads. */
public interface Places {
  /** The cursor that came with the newest event of this source; null if none is known. */
  @Nullable String cursor(String source);
}
