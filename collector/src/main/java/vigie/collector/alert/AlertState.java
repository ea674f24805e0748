package vigie.collector.alert;

/** Where an alert stands. What is none of these (inactive) is not kept. */
public enum AlertState {
  /** Its expression holds, but not yet for as long as {@code for} asks. */
  PENDING,
  FIRING,
  RESOLVED
}
