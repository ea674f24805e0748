package vigie.collector.scrape;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.http.HttpClientSettings;
import vigie.collector.label.Relabel;

/**
 * One job of {@code scrape_configs}, in Prometheus's grammar.
 *
 * @param protocols asked for, the best first
 * @param fallback the format of answers that do not say theirs; null refuses them
 * @param escaping how a target is to write names that are no legacy ones
 * @param legacyNames whether only names of ASCII letters, digits and underscores are taken
 */
public record ScrapeConfig(
    String jobName,
    Duration interval,
    Duration timeout,
    String scheme,
    String metricsPath,
    Map<String, List<String>> params,
    boolean honorLabels,
    boolean honorTimestamps,
    boolean trackTimestampsStaleness,
    boolean compressed,
    List<ScrapeProtocol> protocols,
    @Nullable ScrapeProtocol fallback,
    String escaping,
    boolean legacyNames,
    HttpClientSettings http,
    List<TargetGroup> staticConfigs,
    List<Discovery.Config> discoveries,
    List<Relabel> relabels,
    List<Relabel> metricRelabels,
    Limits limits,
    HistogramLimits histograms) {
  static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(15);
  static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  /** Keys of {@code global} that are defaults of jobs. */
  public static final List<String> GLOBALS = ScrapeConfigReader.GLOBALS;

  /**
   * What a scrape may bring; 0 is no limit. Beyond one the whole scrape fails.
   *
   * @param bodyBytes of one answer, uncompressed; never without a limit
   * @param targets beyond which all targets of the job fail
   * @param droppedTargets kept for people to look at
   */
  public record Limits(
      long samples,
      long labels,
      long labelNameLength,
      long labelValueLength,
      long targets,
      long droppedTargets,
      long bodyBytes) {
    static final long DEFAULT_BODY_BYTES = 16L << 20;
    static final Limits DEFAULTS = new Limits(0, 0, 0, 0, 0, 0, DEFAULT_BODY_BYTES);

    boolean limitLabels() {
      return labels > 0 || labelNameLength > 0 || labelValueLength > 0;
    }
  }

  /** Whether a target of both would be scraped alike; how they find targets may differ. */
  boolean scrapesAs(ScrapeConfig other) {
    return undiscovered().equals(other.undiscovered());
  }

  private ScrapeConfig undiscovered() {
    return new ScrapeConfig(
        jobName,
        interval,
        timeout,
        scheme,
        metricsPath,
        params,
        honorLabels,
        honorTimestamps,
        trackTimestampsStaleness,
        compressed,
        protocols,
        fallback,
        escaping,
        legacyNames,
        http,
        List.of(),
        List.of(),
        List.of(),
        metricRelabels,
        limits,
        histograms);
  }

  /** Reads all jobs of the file and of {@code scrape_config_files}. */
  public static List<ScrapeConfig> readAll(Section top) {
    return ScrapeConfigReader.readAll(top);
  }
}
