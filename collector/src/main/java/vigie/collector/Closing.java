package vigie.collector;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes in reverse what was opened, each step named so that the one that failed can be told. */
final class Closing implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Closing.class);
  private final Deque<Step> steps = new ArrayDeque<>();

  private record Step(String name, AutoCloseable what) {}

  synchronized <T extends AutoCloseable> T add(String name, T what) {
    steps.push(new Step(name, what));
    return what;
  }

  @Override
  public synchronized void close() {
    while (!steps.isEmpty()) {
      Step step = steps.pop();
      try {
        step.what.close();
      } catch (Exception e) {
        log.warn("did not close well what=\"{}\" cause=\"{}\"", step.name, e.toString());
      }
    }
  }
}
