package vigie.collector.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  private static Table alerts() {
    Table table =
        new Table(List.of("STATE", "SEVERITY", "ALERT", "NODE", "TARGET", "SINCE", "SUMMARY"));
    table.add(
        List.of(
            "firing",
            "critical",
            "ProbeDown",
            "p1",
            "127.0.0.1:13337",
            "2026-11-21 14:02:07",
            "calculatrice is down: connection refused, and this goes on for longer than any line has room for"));
    table.add(
        List.of(
            "pending",
            "warning",
            "NodeFilesystemAlmostOutOfSpace",
            "raspberry-pi-in-the-attic",
            "/var/lib",
            "2026-11-21 14:01:00",
            "磁盘快满了 🔥 le disque est plein à 97 %"));
    return table;
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 80, 100, 200})
  void givenLongTexts_whenPrinted_thenEveryLineFitsAndEveryColumnIsThere(int width) {
    for (boolean colour : new boolean[] {false, true}) {
      List<String> lines = alerts().lines(true, width, colour);

      assertThat(lines)
          .extracting(line -> TextWidth.of(line.replaceAll("\u001b\\[\\d+m", "")))
          .allMatch(columns -> columns <= width);
      assertThat(lines.get(1)).contains("…").contains("fir").contains("2026");
    }
  }

  @Test
  void givenWideLetters_whenPrinted_thenColumnsStand() {
    Table table = new Table(List.of("NODE", "TEXT", "END"));
    table.add(List.of("节点", "e\u0301te 🔥", "x"));
    table.add(List.of("p1", "abcdef", "y"));

    assertThat(table.lines(false, 0, false))
        .containsExactly("节点  e\u0301te 🔥  x", "p1    abcdef  y");
    assertThat(table.lines(false, 20, false)).isEqualTo(table.lines(false, 0, false));
  }

  @Test
  void givenWideLetters_whenCut_thenNoneIsHalf() {
    assertThat(TextWidth.cut("磁盘快满了", 6)).isEqualTo("磁盘…");
    assertThat(TextWidth.cut("磁盘快满了", 7)).isEqualTo("磁盘快…");
    assertThat(TextWidth.cut("磁盘快", 6)).isEqualTo("磁盘快");
    assertThat(TextWidth.cut("abc", 0)).isEmpty();
  }

  @Test
  void givenTerminalTooNarrowForAll_whenPrinted_thenLinesAreCutWithoutColours() {
    assertThat(alerts().lines(true, 30, true))
        .allMatch(line -> TextWidth.of(line) <= 30 && !line.contains("\u001b"));
  }

  @Test
  void givenLettersThatTurnTheLine_whenPrinted_thenShownAsNumbers() {
    assertThat(Table.printable("a\u202eb\u2066c\u001bd")).isEqualTo("a\\x202eb\\x2066c\\x1bd");
  }
}
