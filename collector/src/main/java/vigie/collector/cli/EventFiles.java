package vigie.collector.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** What commands do with the events in a storage folder, without asking a collector. */
public interface EventFiles {
  /**
   * Copies the events; a collector may run.
   *
   * @param storage {@code storage.path}
   * @param into empty or not there
   * @param progress told of each file
   */
  void backup(Path storage, Path into, Consumer<String> progress) throws IOException;

  /**
   * Opens the events of a collector that is stopped.
   *
   * @throws IOException if it runs, or the folder cannot be used
   */
  Target open(Path storage) throws IOException;

  /** Takes events. */
  interface Target extends AutoCloseable {
    /**
     * Takes them durably.
     *
     * @param lines JSON, as exported
     * @throws IllegalArgumentException that says which line is wrong
     */
    Counts take(List<String> lines);

    @Override
    void close();
  }

  /**
   * What became of imported events.
   *
   * @param known that were there already
   * @param tooOld that the limit on their age would delete at once
   */
  record Counts(long taken, long known, long tooOld) {
    Counts plus(Counts more) {
      return new Counts(taken + more.taken, known + more.known, tooOld + more.tooOld);
    }
  }
}
