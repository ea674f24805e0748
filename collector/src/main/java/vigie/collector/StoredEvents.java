package vigie.collector;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;
import vigie.collector.api.vigie.EventJson;
import vigie.collector.cli.EventFiles;
import vigie.collector.event.EventStore;
import vigie.collector.store.event.EventBackup;
import vigie.collector.store.event.EventStoreOptions;
import vigie.collector.store.event.LogEventStore;

/** The commands' way to events in a storage folder. */
final class StoredEvents implements EventFiles {
  @Override
  public void backup(Path storage, Path into, Consumer<String> progress) throws IOException {
    EventBackup.copy(storage.resolve("events"), into, progress);
  }

  @Override
  public Target open(Path storage) throws IOException {
    Path folder = storage.resolve("events");
    if (!Files.isDirectory(folder)) {
      throw new IOException(storage + " has no events of a collector");
    }
    DataOwner.check(folder, "collector events import …");
    Closing closing = new Closing();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Threads threads = new Threads(meters);
    try {
      var scheduler =
          closing.add(
              "scheduler",
              new ThreadScheduler(threads.factory("scheduler", false), threads::failed));
      var writer = closing.add("event writer", threads.pool("event-writer", 1, 0));
      var filler = closing.add("event filler", threads.pool("event-filler", 1, 0));
      LogEventStore store =
          closing.add(
              "event store",
              LogEventStore.open(
                  folder,
                  // What is too old or too much, the collector deletes when it runs.
                  EventStoreOptions.keeping(Duration.ofDays(36_500), Long.MAX_VALUE),
                  Clock.system(),
                  scheduler,
                  writer,
                  filler,
                  meters));
      return new Storage(store, closing);
    } catch (UncheckedIOException e) {
      closing.close();
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Never recovered, so that the collector itself tells what was not told. */
  private record Storage(EventStore store, Closing closing) implements Target {
    @Override
    public Counts take(List<String> lines) {
      EventStore.Imported done = store.insertHistory(EventJson.readLines(lines));
      return new Counts(done.taken(), done.known(), done.tooOld());
    }

    @Override
    public void close() {
      closing.close();
    }
  }
}
