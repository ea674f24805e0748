package vigie.collector.outbox;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How one attempt went. Reasons are in words, for people, and hold no secrets. */
public sealed interface Outcome {
  /**
   * The wanted state is seen.
   *
   * @param pause no request before that on this lane; zero for none
   */
  record Done(Notifier.Posted posted, Duration pause) implements Outcome {}

  /**
   * It may go well later.
   *
   * @param retryAfter no request before that; null where the other side names no time
   * @param everywhere whether that is for the whole origin, not this lane alone
   * @param perhapsPosted whether the request may have been carried out all the same
   */
  record Later(
      String reason, @Nullable Duration retryAfter, boolean everywhere, boolean perhapsPosted)
      implements Outcome {
    /** Not carried out for sure, no time named. */
    public static Later because(String reason) {
      return new Later(reason, null, false, false);
    }
  }

  /** This payload will never be taken; a smaller one may. */
  record Refused(String reason) implements Outcome {}

  /** The card to edit is not there any more. */
  record Gone(String reason) implements Outcome {}

  /** Nothing will be taken on this lane until somebody acts. */
  record Stuck(String reason) implements Outcome {}
}
