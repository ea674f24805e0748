package vigie.collector.outbox;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How one attempt went. Reasons are in words, for people, and hold no secrets. */
public sealed interface Outcome {
  /**
   * The wanted state is seen.
   *
   * @param pause no request before that in this bucket; zero for none
   * @param bucket by which the other side counts requests of this kind; {@code ""} where it names
   *     none, then each kind counts for itself
   * @param stale whether the card was there from an attempt before, and may show what was wanted
   *     then
   */
  record Done(Notifier.Posted posted, Duration pause, String bucket, boolean stale)
      implements Outcome {
    /** In no bucket, and as wanted. */
    public Done(Notifier.Posted posted, Duration pause) {
      this(posted, pause, "", false);
    }
  }

  /**
   * It may go well later.
   *
   * @param retryAfter no request before that; null where the other side names no time
   * @param scope what has to wait that long
   * @param perhapsPosted whether the request may have been carried out all the same
   */
  record Later(String reason, @Nullable Duration retryAfter, Scope scope, boolean perhapsPosted)
      implements Outcome {
    /** Not carried out for sure, no time named. */
    public static Later because(String reason) {
      return new Later(reason, null, Scope.LANE, false);
    }
  }

  /** What a wait is for. */
  enum Scope {
    /** This card or message alone: others may go. */
    CARD,
    /** Requests of this kind on this lane, and what shares their bucket. */
    BUCKET,
    /** The whole lane. */
    LANE,
    /** All lanes of the origin. */
    ORIGIN
  }

  /** This payload will never be taken; a smaller one may. */
  record Refused(String reason) implements Outcome {}

  /** The card to edit is not there any more. */
  record Gone(String reason) implements Outcome {}

  /** Nothing will be taken on this lane until somebody acts. */
  record Stuck(String reason) implements Outcome {}
}
