package vigie.base.remotewrite;

import java.io.IOException;

/** Bytes that are no remote write, or too many of them; the message is for the sender. */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1;
  private final boolean tooLarge;

  public FormatException(String message) {
    this(message, false);
  }

  private FormatException(String message, boolean tooLarge) {
    super(message);
    this.tooLarge = tooLarge;
  }

  static FormatException tooLarge(String message) {
    return new FormatException(message, true);
  }

  /** Whether it may be sound, and is more than is taken. */
  public boolean isTooLarge() {
    return tooLarge;
  }
}
