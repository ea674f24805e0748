package vigie.collector.rule;

import java.time.Duration;
import vigie.collector.label.Labels;

/**
 * How rules are evaluated.
 *
 * @param externalLabels {@code $externalLabels} of templates
 * @param externalUrl where people reach the collector, for templates; {@code ""} for nowhere
 * @param triggerGap least time between two evaluations of a group that events ask for; a burst
 *     leads to one at its first event and one per gap
 * @param restoreGrace how long after a start an alert from before waits for data that it could be
 *     judged by, before it counts as resolved
 */
public record RuleOptions(
    Labels externalLabels, String externalUrl, Duration triggerGap, Duration restoreGrace) {
  /** No external labels and URL, a gap of 500 ms, 5 minutes of grace. */
  public static RuleOptions defaults() {
    return new RuleOptions(Labels.EMPTY, "", Duration.ofMillis(500), Duration.ofMinutes(5));
  }

  public RuleOptions withExternal(Labels labels, String url) {
    return new RuleOptions(labels, url, triggerGap, restoreGrace);
  }
}
