package vigie.base.relp;

import io.netty.handler.codec.DecoderException;

/** The other end broke the protocol; the session must end. The message says how. */
public final class RelpFault extends DecoderException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  /**
   * @param reason one word, fit for a label
   */
  public RelpFault(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** One word, fit for a label: {@code header}, {@code length}, {@code trailer}, … */
  public String reason() {
    return reason;
  }

  /** Peers make these at will, so they cost no stack trace. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
