package vigie.collector.alert;

import java.time.Instant;

/**
 * Somebody has taken a firing alert on.
 *
 * @param fingerprint of the alert
 * @param by who, as they call themselves; never empty
 * @param note what they say to it; {@code ""} for nothing
 */
public record Acknowledgement(String fingerprint, String by, String note, Instant at) {
  public Acknowledgement {
    if (by.isBlank()) {
      throw new IllegalArgumentException("an acknowledgement needs a name: who takes it on?");
    }
  }
}
