package vigie.base.segment;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;

/** The runs of a test that lives from a random seed. {@code -Dvigie.seed=N} repeats one of them. */
public final class RandomLives {
  private static final int TESTS = 10;

  private RandomLives() {}

  /** One life; whatever it throws is told with its seed. */
  @FunctionalInterface
  public interface Life {
    void live(long seed) throws Exception;
  }

  /** So many of them, a multiple of ten, in ten tests. */
  public static List<DynamicTest> tests(int lives, Life life) {
    Long only = Long.getLong("vigie.seed");
    List<DynamicTest> tests = new ArrayList<>();
    for (int test = 0; test < (only == null ? TESTS : 1); test++) {
      long first = only == null ? System.nanoTime() : only;
      int count = only == null ? lives / TESTS : 1;
      tests.add(DynamicTest.dynamicTest("seeds from " + first, () -> live(first, count, life)));
    }
    return tests;
  }

  private static void live(long first, int count, Life life) {
    for (long seed = first; seed < first + count; seed++) {
      try {
        life.live(seed);
      } catch (Exception | AssertionError e) {
        throw new AssertionError("-Dvigie.seed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }
}
