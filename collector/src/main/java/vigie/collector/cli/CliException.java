package vigie.collector.cli;

/**
 * Ends a command with a message for the person and an exit code: 2 bad usage, 3 not reached, 4
 * refused.
 */
public final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int exitCode;

  CliException(int exitCode, String message) {
    super(message, null, false, false);
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }
}
