package vigie.collector.dispatch;

import java.util.List;

/**
 * Where notifications of a route go.
 *
 * @param integrations each gets every notification; none means that nobody is told
 */
public record Receiver(String name, List<Integration> integrations) {
  public Receiver {
    integrations = List.copyOf(integrations);
  }

  /** Whether all that it sends is edited in place. */
  public boolean edits() {
    return integrations.stream().allMatch(Integration::edits);
  }
}
