package vigie.collector.silence;

import java.util.Locale;

/** Where a silence stands, as in Alertmanager. */
public enum SilenceState {
  /** It has not begun. */
  PENDING,
  ACTIVE,
  /** It is over; still listed for a while. */
  EXPIRED;

  /** As in the API. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
