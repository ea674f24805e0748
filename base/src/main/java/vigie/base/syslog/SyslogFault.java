package vigie.base.syslog;

import io.netty.handler.codec.DecoderException;

/** The other end broke octet counting; the connection must end. The message says how. */
public final class SyslogFault extends DecoderException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  SyslogFault(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** One word, fit for a label: {@code count} or {@code length}. */
  public String reason() {
    return reason;
  }

  /** Peers make these at will, so they cost no stack trace. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
