package vigie.collector.promql;

import java.time.Duration;

/**
 * How queries are evaluated, and what each may take.
 *
 * @param lookback how old a sample may be for an instant selector to see it
 * @param maxSamples how many samples a query may hold at once
 * @param maxSeries how many series one selector may find
 * @param timeout how long a query may take
 * @param subqueryStep the step of a subquery that names none
 * @param delayedNameRemoval whether {@code __name__} stays visible to the outer parts of a query
 *     until its end; off in released Prometheus
 */
public record EngineOptions(
    Duration lookback,
    int maxSamples,
    int maxSeries,
    Duration timeout,
    Duration subqueryStep,
    boolean delayedNameRemoval) {
  public EngineOptions {
    if (lookback.toMillis() <= 0
        || subqueryStep.toMillis() <= 0
        || maxSamples <= 0
        || maxSeries <= 0) {
      throw new IllegalArgumentException(
          "lookback, subqueryStep, maxSamples and maxSeries must be positive: "
              + lookback
              + ", "
              + subqueryStep
              + ", "
              + maxSamples
              + ", "
              + maxSeries);
    }
  }

  /** As a fresh Prometheus, but for the samples: 20 million are 160 MB here. */
  public static EngineOptions defaults() {
    return new EngineOptions(
        Duration.ofMinutes(5),
        20_000_000,
        1_000_000,
        Duration.ofMinutes(2),
        Duration.ofMinutes(1),
        false);
  }

  public EngineOptions withDelayedNameRemoval(boolean on) {
    return new EngineOptions(lookback, maxSamples, maxSeries, timeout, subqueryStep, on);
  }

  public EngineOptions withMaxSamples(int samples) {
    return new EngineOptions(
        lookback, samples, maxSeries, timeout, subqueryStep, delayedNameRemoval);
  }

  public EngineOptions withMaxSeries(int series) {
    return new EngineOptions(
        lookback, maxSamples, series, timeout, subqueryStep, delayedNameRemoval);
  }

  public EngineOptions withTimeout(Duration longest) {
    return new EngineOptions(
        lookback, maxSamples, maxSeries, longest, subqueryStep, delayedNameRemoval);
  }

  public EngineOptions withLookback(Duration back) {
    return new EngineOptions(
        back, maxSamples, maxSeries, timeout, subqueryStep, delayedNameRemoval);
  }
}
