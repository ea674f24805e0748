package vigie.collector.node;

import java.time.Duration;
import java.util.List;
import vigie.base.config.Section;

/**
 * The section {@code nodes}.
 *
 * @param expected nodes that must be heard, also if they never were
 * @param silentAfter a node not heard for so long is silent
 */
public record NodesConfig(List<String> expected, Duration silentAfter) {
  public static final NodesConfig DEFAULTS = new NodesConfig(List.of(), Duration.ofMinutes(2));

  public NodesConfig {
    expected = List.copyOf(expected);
  }

  /** Reads {@code expected} and {@code silent_after} (10 s to 1 d) of the section. */
  public static NodesConfig from(Section section) {
    NodesConfig config =
        new NodesConfig(
            section.strings("expected"),
            section.duration(
                "silent_after", DEFAULTS.silentAfter, Duration.ofSeconds(10), Duration.ofDays(1)));
    section.end();
    return config;
  }
}
