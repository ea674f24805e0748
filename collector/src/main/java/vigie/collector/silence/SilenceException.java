package vigie.collector.silence;

/** A silence that cannot be set or ended, in words for the person who wanted it. */
public final class SilenceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What kind of fault it is. */
  public enum Kind {
    /** Something about it is wrong. */
    INVALID,
    /** There is none with this id. */
    NOT_FOUND,
    /** It is over already. */
    OVER,
    /** There are too many, or it is too large. */
    LIMIT
  }

  private final Kind kind;
  private final String words;

  SilenceException(Kind kind, String message) {
    super(message, null, false, false);
    this.kind = kind;
    this.words = message;
  }

  @Override
  public String getMessage() {
    return words;
  }

  public Kind kind() {
    return kind;
  }
}
