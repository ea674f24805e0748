package vigie.agent.metric;

import java.io.IOException;
import java.util.List;

/**
 * One subject of measurement: what node_exporter calls a collector. Its families are filled anew by
 * each {@link #collect}; calls never overlap.
 */
interface Subject {
  /** The subject's name in {@code collect[]} and in the label {@code collector}. */
  String name();

  /** The families that {@link #collect} fills, always the same. */
  List<Family> families();

  /**
   * Reads, and adds each value to its family. What was added before a failure is told.
   *
   * @throws IOException when the reading failed as a whole
   */
  void collect() throws IOException;

  /** Whether its names are others' choice; a name that another subject tells gives way then. */
  default boolean isForeign() {
    return false;
  }

  /** Gives back what the garbage collector would not, such as connections; nothing is read then. */
  default void close() {}
}
