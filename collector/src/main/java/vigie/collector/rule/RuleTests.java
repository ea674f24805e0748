package vigie.collector.rule;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import vigie.collector.sample.SampleStore;

/** {@code collector rules test}: runs unit tests of rules in promtool's format. */
public final class RuleTests {
  private final Supplier<SampleStore> stores;

  /**
   * @param stores makes an empty store for each test
   */
  public RuleTests(Supplier<SampleStore> stores) {
    this.stores = stores;
  }

  /** Runs all tests of the files and says what differs; true if nothing does. */
  public boolean run(List<Path> files, Appendable out) {
    throw new UnsupportedOperationException("BUG: being written " + stores + files + out);
  }
}
