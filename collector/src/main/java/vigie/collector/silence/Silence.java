package vigie.collector.silence;

import java.time.Instant;
import java.util.List;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * Alerts that are held back for a time.
 *
 * @param id {@code ""} for one that is to be made
 * @param matchers all must hold
 * @param endsAt the first moment at which it no longer holds
 * @param updatedAt when it was last changed
 * @param createdBy who, as they call themselves
 * @param comment why
 * @param untilBack the node whose return ends it before its time; {@code ""} for none
 * @param ended what ended it before its time, in words; {@code ""} if nothing did
 */
public record Silence(
    String id,
    List<LabelMatcher> matchers,
    Instant startsAt,
    Instant endsAt,
    Instant updatedAt,
    String createdBy,
    String comment,
    String untilBack,
    String ended) {
  public Silence {
    matchers = List.copyOf(matchers);
  }

  /** One that is to be made. */
  public static Silence wanted(
      List<LabelMatcher> matchers,
      Instant startsAt,
      Instant endsAt,
      String createdBy,
      String comment) {
    return new Silence("", matchers, startsAt, endsAt, startsAt, createdBy, comment, "", "");
  }

  /** This one, over as soon as the node is heard again. */
  public Silence untilBack(String node) {
    return new Silence(id, matchers, startsAt, endsAt, updatedAt, createdBy, comment, node, ended);
  }

  /** This one under an id. */
  public Silence withId(String known) {
    return new Silence(
        known, matchers, startsAt, endsAt, updatedAt, createdBy, comment, untilBack, ended);
  }

  Silence during(Instant from, Instant to, Instant now) {
    return new Silence(id, matchers, from, to, now, createdBy, comment, untilBack, ended);
  }

  Silence ended(String why) {
    return new Silence(
        id, matchers, startsAt, endsAt, updatedAt, createdBy, comment, untilBack, why);
  }

  public SilenceState stateAt(Instant now) {
    if (now.isBefore(startsAt)) {
      return SilenceState.PENDING;
    }
    return now.isBefore(endsAt) ? SilenceState.ACTIVE : SilenceState.EXPIRED;
  }

  /** Whether all matchers hold, whatever the time. */
  public boolean matches(Labels labels) {
    for (LabelMatcher matcher : matchers) {
      if (!matcher.matches(labels)) {
        return false;
      }
    }
    return true;
  }
}
