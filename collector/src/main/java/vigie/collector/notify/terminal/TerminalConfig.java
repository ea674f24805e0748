package vigie.collector.notify.terminal;

import java.util.List;
import vigie.collector.dispatch.Integration;
import vigie.collector.dispatch.Receiver;

/** Cards on the program's own output; no key of the configuration names it. */
public record TerminalConfig() implements Integration {
  /** The receiver where nothing else is configured. */
  public static Receiver receiver() {
    return new Receiver("terminal", List.of(new TerminalConfig()));
  }

  /** A change is printed like a new card, and at once. */
  @Override
  public boolean edits() {
    return true;
  }
}
