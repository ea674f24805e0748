package vigie.collector.rule;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.label.Labels;

/**
 * A group and how its last evaluation went.
 *
 * @param lastEvaluation when it began; null before the first one
 * @param took zero before the first one
 */
public record GroupStatus(
    RuleGroup group, @Nullable Instant lastEvaluation, Duration took, List<RuleStatus> rules) {
  public GroupStatus {
    rules = List.copyOf(rules);
  }

  /** Whether a rule could be evaluated, named as Prometheus's API does. */
  public enum Health {
    UNKNOWN("unknown"),
    OK("ok"),
    ERR("err");

    private final String text;

    Health(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  /**
   * One rule.
   *
   * @param lastError {@code ""} where the last evaluation went well
   * @param alerts pending, firing, and resolved for less than 15 minutes; empty for recording rules
   * @param keptSince of the alerts that fire only for {@code keep_firing_for}, by their labels:
   *     when the expression stopped holding
   */
  public record RuleStatus(
      Rule rule,
      Health health,
      String lastError,
      @Nullable Instant lastEvaluation,
      Duration took,
      List<Alert> alerts,
      Map<Labels, Instant> keptSince) {
    public RuleStatus {
      alerts = List.copyOf(alerts);
      keptSince = Map.copyOf(keptSince);
    }

    /** {@code firing}, {@code pending} or {@code inactive}, by its foremost alert. */
    public String state() {
      String state = "inactive";
      for (Alert alert : alerts) {
        if (alert.state() == AlertState.FIRING) {
          return "firing";
        }
        state = alert.state() == AlertState.PENDING ? "pending" : state;
      }
      return state;
    }
  }
}
