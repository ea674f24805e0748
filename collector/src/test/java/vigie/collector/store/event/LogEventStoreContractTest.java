package vigie.collector.store.event;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.event.EventStore;
import vigie.collector.event.EventStoreContract;

class LogEventStoreContractTest extends EventStoreContract {
  @TempDir Path folder;
  private TestStore opened;

  @Override
  protected EventStore create() {
    opened = new TestStore(folder);
    return opened.store;
  }

  @AfterEach
  void close() {
    opened.close();
  }
}
