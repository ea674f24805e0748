package vigie.collector.promql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What is said of wrong queries. The table has each query once, and below it what a person sees;
 * {@code -Dgolden.update} writes it anew.
 */
class ParseErrorsTest {
  private static final Path TABLE = Path.of("src/test/resources/promql/errors.txt");

  @Test
  void givenWrongQueries_whenParsed_thenEachErrorHasItsPlaceAndWhatWasExpected() throws Exception {
    String table = Files.readString(TABLE);
    StringBuilder now = new StringBuilder();
    List<String> accepted = new ArrayList<>();
    int count = 0;
    for (String entry : table.split("\n\n")) {
      String query = entry.lines().findFirst().orElseThrow().replace("\\n", "\n");
      PromqlException wrong =
          catchThrowableOfType(PromqlException.class, () -> Parser.parse(query));
      if (wrong == null) {
        accepted.add(query);
        continue;
      }
      assertThat(wrong.getMessage())
          .as(query)
          .startsWith(wrong.line() + ":" + wrong.column() + ": parse error: ")
          .doesNotContain("\n");
      now.append(query.replace("\n", "\\n")).append('\n');
      now.append(wrong.withCaret().indent(4)).append('\n');
      count++;
    }
    now.setLength(now.length() - 1);

    if (System.getProperty("golden.update") != null) {
      Files.writeString(TABLE, now.toString());
    }

    assertThat(accepted).as("wrong queries that were taken").isEmpty();
    assertThat(count).isGreaterThan(200);
    assertThat(now.toString()).isEqualTo(table);
  }

  @Test
  void givenLongLine_whenWrongInTheMiddle_thenCaretStandsUnderItsPart() {
    String query = "x + ".repeat(100) + "$" + " + x".repeat(100);

    PromqlException wrong = catchThrowableOfType(PromqlException.class, () -> Parser.parse(query));

    assertThat(wrong.column()).isEqualTo(401);
    String[] lines = wrong.caret().split("\n");
    assertThat(lines).hasSize(2);
    assertThat(lines[0]).startsWith("…").endsWith("…").hasSizeLessThan(170);
    assertThat(lines[0].charAt(lines[1].length() - 1)).isEqualTo('$');
  }
}
