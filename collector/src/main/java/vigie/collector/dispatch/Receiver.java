package vigie.collector.dispatch;

import java.util.List;

/**
 * Where notifications of a route go.
 *
 * @param integrations each gets every notification; none means that nobody is told
 * @param insistence what to do where nobody sees it or reacts
 */
public record Receiver(String name, List<Integration> integrations, Insistence insistence) {
  public Receiver {
    integrations = List.copyOf(integrations);
  }

  /** One that neither falls back nor escalates. */
  public Receiver(String name, List<Integration> integrations) {
    this(name, integrations, Insistence.NONE);
  }

  /** Whether all that it sends is edited in place. */
  public boolean edits() {
    return integrations.stream().allMatch(Integration::edits);
  }
}
