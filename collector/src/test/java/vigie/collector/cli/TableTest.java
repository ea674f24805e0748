package vigie.collector.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  private static Table table() {
    Table table = new Table(List.of("NODE", "STATE", "SUMMARY"));
    table.add(List.of("p1", "firing", "it is firing"));
    table.add(List.of("raspberry", "inactive", "-"));
    return table;
  }

  @Test
  void givenColour_whenPrinted_thenOnlyTheStateIsPaintedAndColumnsStay() {
    List<String> painted = table().lines(true, 0, true);

    assertThat(painted.get(1)).contains("\u001b[31mfiring\u001b[0m").contains("it is firing");
    assertThat(painted.stream().map(line -> line.replaceAll("\u001b\\[\\d+m", "")))
        .containsExactlyElementsOf(table().lines(true, 0, false));
  }

  @Test
  void givenNarrowTerminal_whenPrinted_thenNoColourIsCutInTwo() {
    assertThat(table().lines(false, 14, true).get(0)).doesNotContain("\u001b");
    assertThat(table().lines(false, 20, true).get(0)).contains("firing\u001b[0m");
  }

  @Test
  void givenLettersThatTurnTheLine_whenPrinted_thenShownAsNumbers() {
    assertThat(Table.printable("a\u202eb\u2066c\u001bd")).isEqualTo("a\\x202eb\\x2066c\\x1bd");
  }
}
