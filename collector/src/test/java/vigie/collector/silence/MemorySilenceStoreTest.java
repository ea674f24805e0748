package vigie.collector.silence;

class MemorySilenceStoreTest extends SilenceStoreContract {
  @Override
  protected SilenceStore store() {
    return new MemorySilenceStore();
  }

  @Override
  protected SilenceStore reopened(SilenceStore store) {
    return store;
  }
}
