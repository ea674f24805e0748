package vigie.base.config;

import java.util.List;

/**
 * A configuration that cannot be used. The message is all faults, a line each. The programs exit
 * with 2 on it.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final transient List<String> faults;

  public ConfigException(List<String> faults) {
    super(String.join("\n", faults));
    this.faults = List.copyOf(faults);
  }

  /** One fault. */
  public ConfigException(String fault) {
    this(List.of(fault));
  }

  /** Each fault as {@code file:line:column: message}. */
  public List<String> faults() {
    return faults;
  }
}
