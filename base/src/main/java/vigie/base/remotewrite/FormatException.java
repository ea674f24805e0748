package vigie.base.remotewrite;

import java.io.IOException;

/** Bytes that are no remote write, or too many of them; the message is for the sender. */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1;

  public FormatException(String message) {
    super(message);
  }
}
