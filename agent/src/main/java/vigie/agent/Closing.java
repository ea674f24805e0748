package vigie.agent;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is to be closed at the end, in reverse order of how it was begun. A step that fails is
 * logged by its name and does not keep the others from being closed.
 */
final class Closing implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Closing.class);
  private final Deque<Step> steps = new ArrayDeque<>();

  private record Step(String name, AutoCloseable part) {}

  /** Adds a part and gives it back. */
  synchronized <T extends AutoCloseable> T add(String name, T part) {
    steps.push(new Step(name, part));
    return part;
  }

  /** Closes all parts; a second call does nothing. */
  @Override
  public synchronized void close() {
    while (!steps.isEmpty()) {
      Step step = steps.pop();
      try {
        step.part.close();
      } catch (Exception e) {
        log.error("part not closed cleanly part=\"{}\"", step.name, e);
      }
    }
  }
}
