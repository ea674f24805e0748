package vigie.collector.event;

class MemoryEventStoreTest extends EventStoreContract {
  @Override
  protected EventStore create() {
    return new MemoryEventStore();
  }
}
