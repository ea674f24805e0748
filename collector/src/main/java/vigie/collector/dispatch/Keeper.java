package vigie.collector.dispatch;

import java.io.UncheckedIOException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a restart should know and nobody waits for: not under the dispatcher's lock and not
 * at once, since the card goes first.
 */
record Keeper(Executor executor) {
  private static final Logger log = LoggerFactory.getLogger(Keeper.class);

  void keep(String what, Runnable save) {
    executor.execute(
        () -> {
          try {
            save.run();
          } catch (UncheckedIOException e) {
            log.warn(
                "not on the disk, a restart forgets it what=\"{}\" cause={}", what, e.getMessage());
          }
        });
  }
}
