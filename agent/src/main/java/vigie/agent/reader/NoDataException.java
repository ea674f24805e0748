package vigie.agent.reader;

import java.io.IOException;

/**
 * This machine does not have what was to be read: no such device, driver or kernel facility. It is
 * the normal state of most machines for most collectors, so it carries no stack trace.
 */
public final class NoDataException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * @param what is missing, such as {@code /proc/mdstat}
   */
  public NoDataException(String what) {
    super(what);
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
