package vigie.collector.scrape;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.ConfigException;
import vigie.base.config.Globs;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.base.http.HttpClientSettings;
import vigie.collector.label.Relabel;

/** Reads {@code scrape_configs} with the defaults of {@code global}. */
final class ScrapeConfigReader {
  static final List<String> GLOBALS =
      List.of(
          "scrape_interval",
          "scrape_timeout",
          "scrape_protocols",
          "body_size_limit",
          "sample_limit",
          "label_limit",
          "label_name_length_limit",
          "label_value_length_limit",
          "target_limit",
          "keep_dropped_targets",
          "metric_name_validation_scheme",
          "metric_name_escaping_scheme",
          "scrape_native_histograms",
          "always_scrape_classic_histograms",
          "convert_classic_histograms_to_nhcb");

  private static final List<String> ESCAPINGS =
      List.of("allow-utf-8", "underscores", "dots", "values");

  private ScrapeConfigReader() {}

  /** What {@code global} says, and a job where it says nothing itself. */
  private record Defaults(
      Duration interval,
      Duration timeout,
      List<ScrapeProtocol> protocols,
      boolean legacyNames,
      String escaping,
      ScrapeConfig.Limits limits,
      HistogramLimits histograms) {}

  static List<ScrapeConfig> readAll(Section top) {
    Section global = top.section("global");
    Defaults none =
        new Defaults(
            ScrapeConfig.DEFAULT_INTERVAL,
            ScrapeConfig.DEFAULT_TIMEOUT,
            List.of(),
            false,
            "",
            ScrapeConfig.Limits.DEFAULTS,
            HistogramLimits.NONE);
    boolean legacy = legacyNames(global, none);
    Defaults defaults =
        new Defaults(
            positive(global, "scrape_interval", none.interval),
            positive(global, "scrape_timeout", none.timeout),
            protocols(global, none.protocols),
            legacy,
            global.has("metric_name_escaping_scheme") ? escaping(global, none, legacy) : "",
            limits(global, none.limits),
            histograms(global, none.histograms));
    refuseConverted(global);
    List<ScrapeConfig> jobs = new ArrayList<>();
    Set<String> names = new HashSet<>();
    readAll(top, defaults, names, jobs);
    for (Value pattern : top.list("scrape_config_files")) {
      Path path = pattern.path();
      if (path != null) {
        List<Path> files = Globs.expand(List.of(path));
        if (files.isEmpty()) {
          top.warn("scrape_config_files", "no file matches " + path);
        }
        files.forEach(file -> readFile(file, top, defaults, names, jobs));
      }
    }
    return jobs;
  }

  private static void readFile(
      Path file, Section top, Defaults defaults, Set<String> names, List<ScrapeConfig> jobs) {
    try {
      Section other = Yaml.load(file, Map.of(), top.faults());
      readAll(other, defaults, names, jobs);
      other.end();
    } catch (ConfigException e) {
      top.fault("scrape_config_files", String.valueOf(e.getMessage()));
    }
  }

  private static void readAll(
      Section from, Defaults defaults, Set<String> names, List<ScrapeConfig> jobs) {
    for (Section section : from.sections("scrape_configs")) {
      ScrapeConfig job = read(section, defaults);
      if (!names.add(job.jobName())) {
        section.fault("job_name", "job_name \"" + job.jobName() + "\" is there twice");
      }
      jobs.add(job);
    }
  }

  private static ScrapeConfig read(Section s, Defaults defaults) {
    Duration interval = positive(s, "scrape_interval", defaults.interval);
    Duration shorter = defaults.timeout.compareTo(interval) > 0 ? interval : defaults.timeout;
    Duration timeout = positive(s, "scrape_timeout", shorter);
    if (timeout.compareTo(interval) > 0) {
      s.fault("scrape_timeout", "scrape_timeout is longer than scrape_interval");
    }
    String scheme = s.string("scheme", "http");
    if (!scheme.equals("http") && !scheme.equals("https")) {
      s.fault("scheme", "scheme \"" + scheme + "\" is not http or https");
    }
    List<Discovery.Config> discoveries = new ArrayList<>();
    for (Discovery.Kind kind : Discovery.KINDS) {
      for (Section sd : s.sections(kind.key())) {
        discoveries.add(kind.reader().read(sd));
      }
    }
    s.refuse(
        Discovery.NOT_YET,
        "is not supported yet; use file_sd_configs, http_sd_configs or dns_sd_configs");
    refuseWhereSet(s);
    Map<String, List<String>> params = new LinkedHashMap<>();
    Section paramSection = s.section("params");
    for (String name : paramSection.keys()) {
      params.put(name, paramSection.strings(name));
    }
    boolean legacy = legacyNames(s, defaults);
    HistogramLimits histograms = histogramsOfJob(s, defaults.histograms);
    List<ScrapeProtocol> usual =
        histograms.natives() ? ScrapeProtocol.WITH_HISTOGRAMS : ScrapeProtocol.DEFAULTS;
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
            s.bool("track_timestamps_staleness", false),
            s.bool("enable_compression", true),
            protocols(s, defaults.protocols.isEmpty() ? usual : defaults.protocols),
            fallback(s),
            escaping(s, defaults, legacy),
            legacy,
            HttpClientSettings.read(s),
            TargetGroup.readAll(s.sections("static_configs")),
            discoveries,
            Relabel.readAll(s, "relabel_configs"),
            Relabel.readAll(s, "metric_relabel_configs"),
            limits(s, defaults.limits),
            histograms);
    s.end();
    return job;
  }

  private static void refuseWhereSet(Section s) {
    s.refuse(
        List.of("scrape_failure_log_file"),
        "is not supported; take it out: the collector logs each target that fails and comes back");
    refuseConverted(s);
    s.refuse(List.of("extra_scrape_metrics"), "is not supported; take it out");
  }

  private static void refuseConverted(Section s) {
    String key = "convert_classic_histograms_to_nhcb";
    if (s.bool(key, false)) {
      s.fault(key, key + " is not supported yet; take it out");
    }
  }

  private static HistogramLimits histograms(Section s, HistogramLimits otherwise) {
    return new HistogramLimits(
        s.bool("scrape_native_histograms", otherwise.natives()),
        s.bool("always_scrape_classic_histograms", otherwise.classicToo()),
        otherwise.buckets(),
        otherwise.schema());
  }

  private static HistogramLimits histogramsOfJob(Section s, HistogramLimits otherwise) {
    HistogramLimits both = histograms(s, otherwise);
    return new HistogramLimits(
        both.natives(),
        both.classicToo(),
        count(s, "native_histogram_bucket_limit", 0),
        HistogramLimits.schema(s.number("native_histogram_min_bucket_factor", 0)));
  }

  private static List<ScrapeProtocol> protocols(Section s, List<ScrapeProtocol> otherwise) {
    List<ScrapeProtocol> all = new ArrayList<>();
    for (Value value : s.list("scrape_protocols")) {
      String text = value.string();
      ScrapeProtocol protocol = text == null ? null : protocol(value, text);
      if (protocol != null && all.contains(protocol)) {
        value.fault("scrape_protocols names " + text + " twice");
      } else if (protocol != null) {
        all.add(protocol);
      }
    }
    return all.isEmpty() ? otherwise : List.copyOf(all);
  }

  private static @Nullable ScrapeProtocol fallback(Section s) {
    Value value = s.value("fallback_scrape_protocol");
    String text = value == null ? null : value.string();
    return value == null || text == null ? null : protocol(value, text);
  }

  private static @Nullable ScrapeProtocol protocol(Value value, String text) {
    ScrapeProtocol protocol = ScrapeProtocol.of(text);
    if (protocol == null) {
      value.fault(
          "scrape protocol \""
              + text
              + "\" is none of "
              + String.join(
                  ", ", ScrapeProtocol.WITH_HISTOGRAMS.stream().map(ScrapeProtocol::key).toList()));
    }
    return protocol;
  }

  private static boolean legacyNames(Section s, Defaults defaults) {
    String scheme = s.string("metric_name_validation_scheme");
    if (scheme == null) {
      return defaults.legacyNames;
    }
    if (!scheme.equals("utf8") && !scheme.equals("legacy")) {
      s.fault(
          "metric_name_validation_scheme",
          "metric_name_validation_scheme \"" + scheme + "\" is not utf8 or legacy");
    }
    return scheme.equals("legacy");
  }

  private static String escaping(Section s, Defaults defaults, boolean legacy) {
    String usual = legacy ? "underscores" : "allow-utf-8";
    String scheme =
        s.string(
            "metric_name_escaping_scheme", defaults.escaping.isEmpty() ? usual : defaults.escaping);
    if (!ESCAPINGS.contains(scheme)) {
      s.fault(
          "metric_name_escaping_scheme",
          "metric_name_escaping_scheme \""
              + scheme
              + "\" is none of "
              + String.join(", ", ESCAPINGS));
    } else if (legacy && scheme.equals("allow-utf-8")) {
      s.fault(
          "metric_name_escaping_scheme",
          "metric_name_escaping_scheme allow-utf-8 wants metric_name_validation_scheme: utf8");
    }
    return scheme;
  }

  private static ScrapeConfig.Limits limits(Section s, ScrapeConfig.Limits otherwise) {
    long body = s.bytes("body_size_limit", otherwise.bodyBytes(), 0, 1L << 30);
    return new ScrapeConfig.Limits(
        count(s, "sample_limit", otherwise.samples()),
        count(s, "label_limit", otherwise.labels()),
        count(s, "label_name_length_limit", otherwise.labelNameLength()),
        count(s, "label_value_length_limit", otherwise.labelValueLength()),
        count(s, "target_limit", otherwise.targets()),
        count(s, "keep_dropped_targets", otherwise.droppedTargets()),
        body == 0 ? ScrapeConfig.Limits.DEFAULT_BODY_BYTES : body);
  }

  private static long count(Section s, String key, long otherwise) {
    return s.integer(key, otherwise, 0, Long.MAX_VALUE);
  }

  private static Duration positive(Section s, String key, Duration otherwise) {
    return s.duration(key, otherwise, Duration.ofMillis(1), Duration.ofDays(365));
  }
}
