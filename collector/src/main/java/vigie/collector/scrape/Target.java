package vigie.collector.scrape;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Durations;
import vigie.collector.label.Labels;
import vigie.collector.label.Relabel;

/**
 * One target of one job: where it is fetched from and how the last fetch went. The state is written
 * by its scrape loop and read by all threads.
 */
public final class Target {
  /** How a target does. */
  public enum Health {
    UNKNOWN,
    UP,
    DOWN
  }

  /**
   * How the last scrape went.
   *
   * @param error in words, {@code ""} if it went well
   */
  public record LastScrape(
      Health health, @Nullable Instant at, Duration took, String error, int samples) {}

  private final ScrapeConfig job;
  private volatile Labels discovered;
  private final Labels labels;
  private final URI url;
  private final Duration interval;
  private final Duration timeout;
  private volatile LastScrape last = new LastScrape(Health.UNKNOWN, null, Duration.ZERO, "", 0);
  private volatile List<Metadata> metadata = List.of();

  private Target(
      ScrapeConfig job,
      Labels discovered,
      Labels labels,
      URI url,
      Duration interval,
      Duration timeout) {
    this.job = job;
    this.discovered = discovered;
    this.labels = labels;
    this.url = url;
    this.interval = interval;
    this.timeout = timeout;
  }

  /** The labels of an address before relabelling. */
  static Labels discovered(ScrapeConfig job, String address, Labels groupLabels) {
    Labels.Builder builder = groupLabels.toBuilder();
    builder.set("__address__", address);
    Map<String, String> defaults =
        Map.of(
            "job", job.jobName(),
            "__scheme__", job.scheme(),
            "__metrics_path__", job.metricsPath(),
            "__scrape_interval__", Durations.format(job.interval()),
            "__scrape_timeout__", Durations.format(job.timeout()));
    defaults.forEach(
        (name, value) -> {
          if (builder.get(name).isEmpty()) {
            builder.set(name, value);
          }
        });
    for (Map.Entry<String, List<String>> param : job.params().entrySet()) {
      if (!param.getValue().isEmpty()) {
        builder.set("__param_" + param.getKey(), param.getValue().get(0));
      }
    }
    return builder.build();
  }

  /**
   * The target of discovered labels, after the job's relabelling; null where that dropped it.
   *
   * @throws IllegalArgumentException if what comes out cannot be scraped
   */
  static @Nullable Target of(ScrapeConfig job, Labels discovered) {
    Labels relabelled = Relabel.apply(job.relabels(), discovered);
    if (relabelled == null) {
      return null;
    }
    String address = relabelled.get("__address__");
    if (address.isEmpty()) {
      throw new IllegalArgumentException("no address");
    }
    if (address.indexOf('/') >= 0) {
      throw new IllegalArgumentException("\"" + address + "\" is not HOST or HOST:PORT");
    }
    Duration interval = positive(relabelled, "__scrape_interval__");
    Duration timeout = positive(relabelled, "__scrape_timeout__");
    if (timeout.compareTo(interval) > 0) {
      throw new IllegalArgumentException(
          "__scrape_timeout__ is longer than __scrape_interval__ ("
              + Durations.format(timeout)
              + " > "
              + Durations.format(interval)
              + ")");
    }
    Labels.Builder labels = relabelled.toBuilder();
    for (int i = 0; i < relabelled.size(); i++) {
      if (relabelled.name(i).startsWith("__")) {
        labels.set(relabelled.name(i), "");
      }
    }
    if (labels.get("instance").isEmpty()) {
      labels.set("instance", address);
    }
    return new Target(
        job, discovered, labels.build(), url(job, relabelled, address), interval, timeout);
  }

  private static Duration positive(Labels labels, String name) {
    Duration duration = Durations.parse(labels.get(name));
    if (duration.isZero()) {
      throw new IllegalArgumentException(name + " is zero");
    }
    return duration;
  }

  private static URI url(ScrapeConfig job, Labels labels, String address) {
    String scheme = labels.get("__scheme__");
    if (!scheme.isEmpty() && !scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException("__scheme__ \"" + scheme + "\" is not http or https");
    }
    String path = labels.get("__metrics_path__");
    try {
      // Quotes what cannot stand in a path, such as a question mark.
      String quoted = path.isEmpty() ? "" : new URI(null, null, path, null).getRawPath();
      String slash = quoted.isEmpty() || quoted.startsWith("/") ? "" : "/";
      return new URI(
          (scheme.isEmpty() ? "http" : scheme)
              + "://"
              + address
              + slash
              + quoted
              + query(job, labels));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("no URL: " + e.getMessage(), e);
    }
  }

  private static String query(ScrapeConfig job, Labels labels) {
    TreeMap<String, List<String>> params = new TreeMap<>(job.params());
    for (int i = 0; i < labels.size(); i++) {
      if (labels.name(i).startsWith("__param_")) {
        String name = labels.name(i).substring("__param_".length());
        List<String> values = new ArrayList<>(params.getOrDefault(name, List.of()));
        if (values.isEmpty()) {
          values.add(labels.value(i));
        } else {
          values.set(0, labels.value(i));
        }
        params.put(name, values);
      }
    }
    StringBuilder out = new StringBuilder();
    for (Map.Entry<String, List<String>> param : params.entrySet()) {
      for (String value : param.getValue()) {
        out.append(out.length() == 0 ? '?' : '&')
            .append(escape(param.getKey()))
            .append('=')
            .append(escape(value));
      }
    }
    return out.toString();
  }

  /** As Go does it, for the URL is compared by people: {@code ~} stays, {@code *} does not. */
  private static String escape(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("%7E", "~").replace("*", "%2A");
  }

  public ScrapeConfig job() {
    return job;
  }

  /** Before relabelling, with the names that begin with {@code __}. */
  public Labels discoveredLabels() {
    return discovered;
  }

  /** What every sample of the target gets: {@code job}, {@code instance} and so on. */
  public Labels labels() {
    return labels;
  }

  public URI url() {
    return url;
  }

  public Duration interval() {
    return interval;
  }

  public Duration timeout() {
    return timeout;
  }

  public LastScrape last() {
    return last;
  }

  /** What the target says about its metrics, a bounded number of them, in its order. */
  public List<Metadata> metadata() {
    return metadata;
  }

  /** Takes over how it was found this time. */
  void rediscovered(Target same) {
    discovered = same.discovered;
  }

  void record(LastScrape scrape) {
    last = scrape;
  }

  void record(List<Metadata> said) {
    metadata = said;
  }

  /** What tells it from other targets of its job. */
  record Identity(URI url, Labels labels, Duration interval, Duration timeout) {}

  Identity identity() {
    return new Identity(url, labels, interval, timeout);
  }
}
