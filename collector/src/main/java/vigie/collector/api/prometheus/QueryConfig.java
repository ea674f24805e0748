package vigie.collector.api.prometheus;

import java.time.Duration;
import java.util.Optional;
import vigie.base.config.Section;
import vigie.collector.label.Regex;
import vigie.collector.promql.EngineOptions;

/**
 * What queries may take, the {@code query:} section, named as Prometheus's flags.
 *
 * @param maxConcurrency how many run at once; all of them hold at most half of the heap
 * @param maxQueued how many wait for that
 * @param corsOrigin a regular expression over the origins whose pages may read the API; "" for none
 */
public record QueryConfig(
    Duration timeout,
    Duration lookbackDelta,
    int maxConcurrency,
    int maxQueued,
    int maxSamples,
    int maxSeries,
    String corsOrigin) {
  private static final int MOST_SAMPLES = 1_000_000_000;
  private static final int FEWEST_SAMPLES = 1_000;

  /** With defaults for a heap of this size. */
  public static QueryConfig read(Section top, long heapBytes) {
    Section section = top.section("query");
    EngineOptions usual = EngineOptions.defaults();
    Duration timeout =
        section.duration("timeout", usual.timeout(), Duration.ofMillis(100), Duration.ofHours(1));
    Duration lookback =
        section.duration(
            "lookback_delta", usual.lookback(), Duration.ofSeconds(1), Duration.ofDays(1));
    int concurrency = (int) section.integer("max_concurrency", 4, 1, 64);
    int queued = (int) section.integer("max_queued", 64, 1, 10_000);
    long fit = Math.max(FEWEST_SAMPLES, heapBytes / 2 / Double.BYTES / concurrency);
    int samples =
        (int)
            section.integer(
                "max_samples", Math.min(usual.maxSamples(), fit), FEWEST_SAMPLES, MOST_SAMPLES);
    int series = (int) section.integer("max_series", usual.maxSeries(), 1, MOST_SAMPLES);
    String origin = section.string("cors_origin", "");
    try {
      Regex.of(origin);
    } catch (IllegalArgumentException e) {
      section.fault("cors_origin", "cors_origin: " + e.getMessage());
      origin = "";
    }
    section.end();
    return new QueryConfig(timeout, lookback, concurrency, queued, samples, series, origin);
  }

  public EngineOptions engine() {
    return EngineOptions.defaults()
        .withTimeout(timeout)
        .withLookback(lookbackDelta)
        .withMaxSamples(maxSamples)
        .withMaxSeries(maxSeries);
  }

  /** Whose pages may read the API. */
  public Optional<Regex> origins() {
    return corsOrigin.isEmpty() ? Optional.empty() : Optional.of(Regex.of(corsOrigin));
  }
}
