package vigie.collector.scrape;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.net.Addresses;
import vigie.collector.label.Labels;
import vigie.collector.label.Relabel;

/**
 * One job of {@code scrape_configs}, in Prometheus's grammar: static_configs and file_sd_configs,
 * relabelling, limits.
 *
 * @param sampleLimit most samples of one scrape, 0 for no limit; beyond it the whole scrape fails
 * @param bodyBytes most bytes of one answer, uncompressed
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
    List<TargetGroup> staticConfigs,
    List<FileSd> fileSds,
    List<Relabel> relabels,
    List<Relabel> metricRelabels,
    long sampleLimit,
    long bodyBytes) {
  static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(15);
  static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
  private static final long DEFAULT_BODY_BYTES = 16L << 20;

  /** Addresses with the labels they share. */
  public record TargetGroup(List<String> targets, Labels labels) {}

  /** Files that list target groups; the last part of a path may hold {@code *}. */
  public record FileSd(List<Path> files, Duration refresh) {}

  /** Reads all jobs, with the defaults of {@code global}. */
  public static List<ScrapeConfig> readAll(Section top) {
    Section global = top.section("global");
    Duration interval = positive(global, "scrape_interval", DEFAULT_INTERVAL);
    Duration timeout = positive(global, "scrape_timeout", DEFAULT_TIMEOUT);
    List<ScrapeConfig> jobs = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Section section : top.sections("scrape_configs")) {
      ScrapeConfig job = read(section, interval, timeout);
      if (!names.add(job.jobName)) {
        section.fault("job_name", "job_name \"" + job.jobName + "\" is there twice");
      }
      jobs.add(job);
    }
    return jobs;
  }

  private static ScrapeConfig read(Section s, Duration defaultInterval, Duration defaultTimeout) {
    Duration interval = positive(s, "scrape_interval", defaultInterval);
    Duration shorter = defaultTimeout.compareTo(interval) > 0 ? interval : defaultTimeout;
    Duration timeout = positive(s, "scrape_timeout", shorter);
    if (timeout.compareTo(interval) > 0) {
      s.fault("scrape_timeout", "scrape_timeout is longer than scrape_interval");
    }
    String scheme = s.string("scheme", "http");
    if (!scheme.equals("http") && !scheme.equals("https")) {
      s.fault("scheme", "scheme \"" + scheme + "\" is not http or https");
    }
    List<FileSd> fileSds = new ArrayList<>();
    for (Section sd : s.sections("file_sd_configs")) {
      List<Path> files = new ArrayList<>();
      for (Value file : sd.list("files")) {
        Path path = file.path();
        if (path != null) {
          files.add(path);
        }
      }
      fileSds.add(new FileSd(files, positive(sd, "refresh_interval", Duration.ofMinutes(5))));
      sd.end();
    }
    Map<String, List<String>> params = new LinkedHashMap<>();
    Section paramSection = s.section("params");
    for (String name : paramSection.keys()) {
      params.put(name, paramSection.strings(name));
    }
    ScrapeConfig job =
        new ScrapeConfig(
            s.requiredString("job_name"),
            interval,
            timeout,
            scheme,
            s.string("metrics_path", "/metrics"),
            params,
            s.bool("honor_labels", false),
            s.bool("honor_timestamps", true),
            groups(s.sections("static_configs")),
            fileSds,
            Relabel.readAll(s, "relabel_configs"),
            Relabel.readAll(s, "metric_relabel_configs"),
            s.integer("sample_limit", 0, 0, Long.MAX_VALUE),
            s.bytes("body_size_limit", DEFAULT_BODY_BYTES, 1, 1L << 30));
    s.end();
    return job;
  }

  /** Target groups as they stand under static_configs and in the files of file_sd. */
  static List<TargetGroup> groups(List<Section> sections) {
    List<TargetGroup> groups = new ArrayList<>();
    for (Section section : sections) {
      List<String> targets = new ArrayList<>();
      for (Value target : section.list("targets")) {
        String text = target.string();
        if (text != null) {
          checkAddress(target, text);
          targets.add(text);
        }
      }
      groups.add(
          new TargetGroup(List.copyOf(targets), Labels.of(section.section("labels").stringMap())));
      section.end();
    }
    return groups;
  }

  private static void checkAddress(Value value, String text) {
    if (text.indexOf('/') >= 0) {
      value.fault("target \"" + text + "\" must be HOST or HOST:PORT, without a scheme or path");
    } else if (text.indexOf(':') >= 0 && !text.endsWith("]")) {
      try {
        Addresses.parse(text);
      } catch (IllegalArgumentException e) {
        value.fault("target " + e.getMessage());
      }
    }
  }

  private static Duration positive(Section s, String key, Duration otherwise) {
    return s.duration(key, otherwise, Duration.ofMillis(1), Duration.ofDays(365));
  }
}
