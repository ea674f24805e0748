package vigie.collector.node;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import vigie.base.config.Section;

/**
 * The section {@code nodes}.
 *
 * @param expected nodes that must be heard, also if they never were
 * @param silentAfter a node not heard for so long is silent
 * @param dependsOn by a node's name that of another, without which it is not reached
 */
public record NodesConfig(
    List<String> expected, Duration silentAfter, Map<String, String> dependsOn) {
  public static final NodesConfig DEFAULTS = new NodesConfig(List.of(), Duration.ofMinutes(2));

  public NodesConfig {
    expected = List.copyOf(expected);
    dependsOn = Map.copyOf(dependsOn);
  }

  /** Where no node depends on another. */
  public NodesConfig(List<String> expected, Duration silentAfter) {
    this(expected, silentAfter, Map.of());
  }

  /**
   * Reads {@code expected}, {@code silent_after} (10 s to 1 d) and {@code depends_on} of the
   * section.
   */
  public static NodesConfig from(Section section) {
    Section above = section.section("depends_on");
    Map<String, String> dependsOn = above.stringMap();
    dependsOn.forEach(
        (node, host) -> {
          String at = host;
          for (int steps = 0; steps <= dependsOn.size() && !at.equals(node); steps++) {
            at = dependsOn.getOrDefault(at, "");
          }
          if (at.equals(node)) {
            above.fault(node, node + " depends on itself; take one of these lines out");
          }
        });
    NodesConfig config =
        new NodesConfig(
            section.strings("expected"),
            section.duration(
                "silent_after", DEFAULTS.silentAfter, Duration.ofSeconds(10), Duration.ofDays(1)),
            dependsOn);
    section.end();
    return config;
  }
}
