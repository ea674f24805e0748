package vigie.collector.silence;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import vigie.collector.label.LabelMatcher;

/** What every store of silences does. */
public abstract class SilenceStoreContract {
  protected static final Instant T = Instant.parse("2026-01-01T00:00:00.123456789Z");

  /** A new and empty store. */
  protected abstract SilenceStore store();

  /** The store as it is after a restart; the same where it forgets. */
  protected abstract SilenceStore reopened(SilenceStore store);

  protected static Silence silence(String id, String comment) {
    return new Silence(
        id,
        List.of(
            LabelMatcher.equal("node", "p\"1"),
            new LabelMatcher(LabelMatcher.Op.NOT_REGEX, "mountpoint", "/srv|\\d+")),
        T,
        T.plusSeconds(60),
        T,
        "anna",
        comment,
        "p1",
        "");
  }

  @Test
  void givenSilences_whenSavedAgainAndReopened_thenTheLastOfEachIsThere() {
    SilenceStore store = store();
    store.save(List.of(silence("a", "1"), silence("b", "2")));
    store.save(List.of(silence("a", "3")));

    assertThat(reopened(store).load())
        .containsExactlyInAnyOrder(silence("a", "3"), silence("b", "2"));
  }

  @Test
  void givenSilences_whenRemoved_thenTheyAreGoneAndOthersStay() {
    SilenceStore store = store();
    store.save(List.of(silence("a", "1"), silence("b", "2")));
    store.remove(List.of("a", "unknown"));

    assertThat(reopened(store).load()).containsExactly(silence("b", "2"));
  }
}
