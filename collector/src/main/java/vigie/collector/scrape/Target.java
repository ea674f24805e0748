package vigie.collector.scrape;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
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
  private final Labels discovered;
  private final Labels labels;
  private final URI url;
  private volatile LastScrape last = new LastScrape(Health.UNKNOWN, null, Duration.ZERO, "", 0);

  private Target(ScrapeConfig job, Labels discovered, Labels labels, URI url) {
    this.job = job;
    this.discovered = discovered;
    this.labels = labels;
    this.url = url;
  }

  /**
   * The target of an address, after the job's relabelling; null where relabelling dropped it.
   *
   * @throws IllegalArgumentException if what comes out has no address
   */
  static @Nullable Target of(ScrapeConfig job, String address, Labels groupLabels) {
    Labels.Builder builder = groupLabels.toBuilder();
    builder.set("__address__", address);
    builder.set("__scheme__", job.scheme());
    builder.set("__metrics_path__", job.metricsPath());
    builder.set("__scrape_interval__", Durations.format(job.interval()));
    builder.set("__scrape_timeout__", Durations.format(job.timeout()));
    if (builder.get("job").isEmpty()) {
      builder.set("job", job.jobName());
    }
    for (Map.Entry<String, List<String>> param : job.params().entrySet()) {
      if (!param.getValue().isEmpty()) {
        builder.set("__param_" + param.getKey(), param.getValue().get(0));
      }
    }
    Labels discovered = builder.build();
    Labels relabelled = Relabel.apply(job.relabels(), discovered);
    if (relabelled == null) {
      return null;
    }
    String scheme = relabelled.get("__scheme__");
    String host = withPort(relabelled.get("__address__"), scheme);
    Labels.Builder labels = relabelled.toBuilder();
    for (int i = 0; i < relabelled.size(); i++) {
      if (relabelled.name(i).startsWith("__")) {
        labels.set(relabelled.name(i), "");
      }
    }
    if (labels.get("instance").isEmpty()) {
      labels.set("instance", host);
    }
    URI url =
        URI.create(
            scheme + "://" + host + relabelled.get("__metrics_path__") + query(job, relabelled));
    return new Target(job, discovered, labels.build(), url);
  }

  private static String withPort(String address, String scheme) {
    if (address.isEmpty()) {
      throw new IllegalArgumentException("a target without an address");
    }
    boolean hasPort = address.lastIndexOf(':') > address.lastIndexOf(']');
    return hasPort ? address : address + (scheme.equals("https") ? ":443" : ":80");
  }

  private static String query(ScrapeConfig job, Labels labels) {
    TreeMap<String, List<String>> params = new TreeMap<>(job.params());
    for (int i = 0; i < labels.size(); i++) {
      if (labels.name(i).startsWith("__param_")) {
        String name = labels.name(i).substring("__param_".length());
        List<String> given = params.getOrDefault(name, List.of());
        List<String> values = new java.util.ArrayList<>(given);
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
            .append(URLEncoder.encode(param.getKey(), StandardCharsets.UTF_8))
            .append('=')
            .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
      }
    }
    return out.toString();
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

  public LastScrape last() {
    return last;
  }

  void record(LastScrape scrape) {
    last = scrape;
  }

  /** Same place, same labels: a reload keeps its loop. */
  boolean sameAs(Target other) {
    return url.equals(other.url) && labels.equals(other.labels);
  }
}
