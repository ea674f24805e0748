package vigie.collector.alert;

import java.util.Locale;

/** What an entry of the history tells. The codes are on the disk and never given anew. */
public enum HistoryKind {
  /** The expression began to hold; told with {@link #FIRING}, if it comes to that. */
  PENDING(1),
  FIRING(2),
  RESOLVED(3),
  /** Somebody took it on. */
  ACKNOWLEDGED(4),
  /** Somebody took that back. */
  UNACKNOWLEDGED(5),
  /** Somebody said something to it. */
  NOTE(6),
  /** A silence holds it back; {@code ref} is the silence's id. */
  SILENCED(7),
  /** Another alert holds it back. */
  INHIBITED(8),
  /** A time interval of its route holds it back. */
  MUTED(9),
  /** Nothing holds it back any more. */
  ACTIVE(10),
  /** It opens and closes so often that it has become one card. */
  FLAPPING(11),
  /** A card or message has reached its receiver; {@code ref} is the incident. */
  SENT(12),
  /** A silence came, changed or went; {@code ref} is its id, no alert is named. */
  SILENCE(13),
  /** Somebody said why it came to this. */
  CAUSE(14),
  /** Somebody said what was done about it. */
  ACTION(15);

  private final int code;

  HistoryKind(int code) {
    this.code = code;
  }

  /** 1 to 255. */
  public int code() {
    return code;
  }

  /** As the API says it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException if a later version has written it
   */
  public static HistoryKind of(int code) {
    for (HistoryKind kind : values()) {
      if (kind.code == code) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no kind of entry has the code " + code);
  }
}
