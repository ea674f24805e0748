package vigie.collector;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.base.net.Addresses;
import vigie.base.time.Durations;
import vigie.collector.api.prometheus.QueryConfig;
import vigie.collector.api.prometheus.StatusApi;
import vigie.collector.dispatch.Routing;

/** What {@code /api/v1/status} tells of this collector: its settings, and no secret among them. */
final class ShownState {
  private static final String HIDDEN = "<secret>";

  /** A key with one of these in its name holds a secret, unless it names a file. */
  private static final List<String> SECRET =
      List.of(
          "password", "secret", "token", "credentials", "webhook_url", "api_key", "http_headers");

  /** The top-level keys of {@code alertmanager.yml}. */
  private static final Set<String> ALERTMANAGER =
      Set.of(
          "global",
          "route",
          "receivers",
          "inhibit_rules",
          "templates",
          "time_intervals",
          "mute_time_intervals");

  /** What {@code global} has from {@code prometheus.yml}. */
  private static final Set<String> PROMETHEUS_GLOBALS =
      Set.of(
          "scrape_interval",
          "scrape_timeout",
          "scrape_protocols",
          "evaluation_interval",
          "rule_query_offset",
          "query_log_file",
          "external_labels",
          "metric_name_escaping_scheme",
          "metric_name_validation_scheme");

  private ShownState() {}

  static StatusApi.State of(CollectorConfig config, Optional<Path> file, Instant started) {
    QueryConfig query = config.query();
    Map<String, String> flags = new TreeMap<>();
    flags.put("config.file", file.map(Path::toString).orElse(""));
    flags.put("storage.tsdb.path", config.storage().resolve("samples").toString());
    flags.put("storage.tsdb.retention.time", Durations.format(config.samples()));
    flags.put("storage.tsdb.retention.size", config.samplesBytes() + "B");
    flags.put("web.listen-address", Addresses.format(config.http()));
    flags.put("web.config.file", config.webConfig().map(Path::toString).orElse(""));
    flags.put("web.external-url", config.externalUrl());
    flags.put("web.cors.origin", query.corsOrigin());
    flags.put("query.timeout", Durations.format(query.timeout()));
    flags.put("query.lookback-delta", Durations.format(query.lookbackDelta()));
    flags.put("query.max-concurrency", "" + query.maxConcurrency());
    flags.put("query.max-samples", "" + query.maxSamples());
    String retention =
        Durations.format(config.samples()) + " or " + config.samplesBytes() + " bytes";
    return new StatusApi.State(
        Version.VERSION,
        started,
        started,
        true,
        host(),
        Path.of("").toAbsolutePath().toString(),
        retention,
        flags,
        configuration(file));
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "";
    }
  }

  /** The file as it stands there now, without comments and secrets. */
  static String configuration(Optional<Path> file) {
    return file.map(ShownState::configuration).orElse("{}\n");
  }

  /**
   * What the file says to Alertmanager, as a file of its own that amtool reads; the routes alone
   * where there is no file.
   */
  static String alertmanager(Optional<Path> file, Routing routing) {
    Map<String, Object> whole = new LinkedHashMap<>();
    if (file.isPresent()) {
      Value root = Yaml.loadValue(file.get(), new Faults());
      Value other =
          root != null && root.isSection() ? root.section().value("alertmanager_file") : null;
      Path otherFile = other == null ? null : other.path();
      Value read = otherFile == null ? root : Yaml.loadValue(otherFile, new Faults());
      if (read != null && shown("", read) instanceof Map<?, ?> all) {
        all.forEach((key, value) -> whole.put(String.valueOf(key), value));
      }
    }
    whole.keySet().retainAll(ALERTMANAGER);
    if (whole.get("global") instanceof Map<?, ?> global) {
      Map<Object, Object> rest = new LinkedHashMap<>(global);
      rest.keySet().removeAll(PROMETHEUS_GLOBALS);
      whole.put("global", rest);
    }
    whole.putIfAbsent("route", Map.of("receiver", routing.root().receiver()));
    whole.putIfAbsent(
        "receivers",
        routing.receivers().keySet().stream().sorted().map(name -> Map.of("name", name)).toList());
    return Yaml.write(whole);
  }

  private static String configuration(Path file) {
    Value root = Yaml.loadValue(file, new Faults());
    return root == null ? "{}\n" : Yaml.write(shown("", root));
  }

  private static Object shown(String key, Value value) {
    if (value.isSection()) {
      Section section = value.section();
      Map<String, Object> shown = new LinkedHashMap<>();
      for (String name : section.keys()) {
        Value inner = section.value(name);
        shown.put(name, inner == null ? "" : shown(name, inner));
      }
      return shown;
    }
    if (isSecret(key)) {
      return HIDDEN;
    }
    if (value.isList()) {
      return value.list().stream().map(inner -> shown(key, inner)).toList();
    }
    String text = value.string();
    // A URL may carry a name and a password before its host.
    return text == null ? "" : text.replaceAll("(?<=://)[^/@\\s]+@", HIDDEN + "@");
  }

  private static boolean isSecret(String key) {
    String lower = key.toLowerCase(Locale.ROOT);
    return !lower.endsWith("_file") && SECRET.stream().anyMatch(lower::contains);
  }
}
