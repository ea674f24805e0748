package vigie.base.config;

import java.util.ArrayList;
import java.util.List;

/**
 * What was found wrong in one configuration: faults stop the start, warnings don't. Readers add to
 * it and go on with a default, so that one run names everything. Not safe for several threads.
 */
public final class Faults {
  private final List<String> faults = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  /** Adds a fault, shown as {@code file:line:column: message}. */
  public void add(Position at, String message) {
    add(at + ": " + message);
  }

  /** Adds a fault that carries its own place. */
  public void add(String message) {
    if (!faults.contains(message)) {
      faults.add(message);
    }
  }

  /** Adds a warning. */
  public void warn(Position at, String message) {
    warnings.add(at + ": " + message);
  }

  /** All faults so far, in the order found. */
  public List<String> all() {
    return List.copyOf(faults);
  }

  /** All warnings so far. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  public boolean isEmpty() {
    return faults.isEmpty();
  }

  /**
   * Ends the reading where something is wrong.
   *
   * @throws ConfigException with all faults, if there are any
   */
  public void throwIfAny() {
    if (!faults.isEmpty()) {
      throw new ConfigException(faults);
    }
  }
}
