package vigie.collector.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WatchTest {
  @Test
  void givenMoreLinesThanRows_whenFramed_thenTheFrameFillsTheScreenAndSaysHowManyAreLeftOut() {
    List<String> lines = List.of("a", "b", "c", "d", "e", "f");

    String frame = Watch.frame("http://127.0.0.1:9337  14:02:07", lines, 6, 20);

    assertThat(frame).startsWith("\u001b[H").endsWith("\u001b[J");
    List<String> seen = List.of(frame.replaceAll("\u001b\\[\\d*[HKJ]", "").split("\r\n", -1));
    assertThat(seen)
        .containsExactly("http://127.0.0.1:93…", "", "a", "b", "c", "… and 3 more lines");
  }

  @Test
  void givenFewLines_whenFramed_thenNothingOfTheFrameBeforeIsLeft() {
    String frame = Watch.frame("head", List.of("a"), 24, 80);

    assertThat(frame).isEqualTo("\u001b[Hhead\u001b[K\r\n\u001b[K\r\na\u001b[K\u001b[J");
  }
}
