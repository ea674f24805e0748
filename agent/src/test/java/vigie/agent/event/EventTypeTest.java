package vigie.agent.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EventTypeTest {
  private static final Path PAGE =
      Path.of(System.getProperty("vigie.root", "..")).resolve("docs/events.md");

  @Test
  void givenTheOperatorsPage_whenItsTableIsRead_thenItHasAllTypesAndNoOther() throws Exception {
    String rows =
        Files.readString(PAGE)
            .lines()
            .takeWhile(line -> !line.startsWith("## "))
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.substring(2, line.indexOf('|', 2)))
            .collect(Collectors.joining());
    List<String> described =
        Pattern.compile("`([a-z]+\\.[a-z_]+)`")
            .matcher(rows)
            .results()
            .map(f -> f.group(1))
            .toList();
    assertThat(described)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(EventType.values()).map(EventType::wire).toList());
  }
}
