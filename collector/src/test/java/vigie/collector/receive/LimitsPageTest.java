package vigie.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import vigie.base.time.Durations;

/** The table of limits in docs/events.md says what the code does; -Dgolden.update writes it. */
class LimitsPageTest {
  private static final Path PAGE =
      Path.of(System.getProperty("vigie.root", ".."), "docs/events.md");
  private static final String HEAD = "| `limits:` | default | |\n|---|---|---|\n";

  @Test
  void givenLimits_whenThePageIsRead_thenItsTableIsTheirs() throws Exception {
    StringBuilder table = new StringBuilder(HEAD);
    for (Limit limit : Limit.values()) {
      table.append("| `%s` | %s | %s |\n".formatted(limit.key(), shown(limit), limit.meaning()));
    }
    String page = Files.readString(PAGE);
    int start = page.indexOf(HEAD);
    assertThat(start).as("the table's head in " + PAGE).isNotNegative();
    int end = page.indexOf("\n\n", start) + 1;

    if (System.getProperty("golden.update") != null) {
      Files.writeString(PAGE, page.substring(0, start) + table + page.substring(end));
      return;
    }

    assertThat(page.substring(start, end)).isEqualTo(table.toString());
  }

  private static String shown(Limit limit) {
    long value = ReceiveLimits.DEFAULTS.values().getOrDefault(limit, 0L);
    if (limit.key().endsWith("_timeout")) {
      return Durations.format(Duration.ofMillis(value));
    }
    if (!limit.key().endsWith("_bytes")) {
      return Long.toString(value);
    }
    return value % (1 << 20) == 0 ? (value >> 20) + "MiB" : (value >> 10) + "KiB";
  }
}
