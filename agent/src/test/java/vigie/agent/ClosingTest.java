package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClosingTest {
  @Test
  void givenPartsOfWhichOneFails_whenClosed_thenAllInReverseAndOnce() {
    List<String> closed = new ArrayList<>();
    Closing closing = new Closing();
    closing.add("first", () -> closed.add("first"));
    closing.add(
        "second",
        () -> {
          throw new IllegalStateException("for the test");
        });
    closing.add("third", () -> closed.add("third"));
    closing.close();
    closing.close();
    assertThat(closed).containsExactly("third", "first");
  }
}
