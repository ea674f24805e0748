package vigie.collector;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import vigie.base.config.Faults;
import vigie.base.config.Globs;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.base.http.WebAccess;
import vigie.base.net.Addresses;
import vigie.collector.alert.PostedLimits;
import vigie.collector.api.prometheus.QueryConfig;
import vigie.collector.card.Texts;
import vigie.collector.dispatch.Integration;
import vigie.collector.dispatch.Receiver;
import vigie.collector.dispatch.Routing;
import vigie.collector.label.Labels;
import vigie.collector.node.NodesConfig;
import vigie.collector.notify.discord.DiscordBotConfig;
import vigie.collector.notify.discord.DiscordWebhookConfig;
import vigie.collector.notify.terminal.TerminalConfig;
import vigie.collector.notify.webhook.WebhookConfig;
import vigie.collector.receive.ReceiveConfig;
import vigie.collector.receive.remotewrite.RemoteWriteConfig;
import vigie.collector.remote.RemoteReadSource;
import vigie.collector.remote.RemoteWriteTarget;
import vigie.collector.rule.RuleFiles;
import vigie.collector.rule.RuleGroup;
import vigie.collector.scrape.ScrapeConfig;
import vigie.collector.silence.SilenceLimits;
import vigie.collector.web.WebSettings;

/**
 * {@code collector.yaml} as a whole; each feature reads its own part.
 *
 * @param storage the folder that holds everything durable
 * @param samples how long samples are kept
 * @param samples5m how long a value for each five minutes is kept; zero for not at all
 * @param samples1h likewise for each hour
 * @param samplesBytes what the files of samples may take on the disk; the oldest go first
 * @param events how long events are kept
 * @param eventsBytes what the files of events may take on the disk; the oldest go first
 * @param history how long is kept what happened to alerts
 * @param historyBytes what its files may take on the disk; the oldest go first
 * @param resolveTimeout how long a posted alert without an end fires
 * @param webConfig whom the HTTP side lets in, a file in the exporter-toolkit's format
 * @param remoteWrite where pushed samples are taken; empty for nowhere
 * @param remoteWriteBytes what may wait for one target of remote_write
 * @param externalUrl where people reach the collector, for links; {@code ""} where nobody said
 * @param texts the words of cards
 * @param web who may do what on the page and the APIs
 */
record CollectorConfig(
    Path storage,
    Duration samples,
    Duration samples5m,
    Duration samples1h,
    long samplesBytes,
    Duration events,
    long eventsBytes,
    Duration history,
    long historyBytes,
    SilenceLimits silences,
    PostedLimits posted,
    Duration resolveTimeout,
    InetSocketAddress http,
    Optional<Path> webConfig,
    ReceiveConfig receive,
    Optional<RemoteWriteConfig> remoteWrite,
    Labels externalLabels,
    String externalUrl,
    List<ScrapeConfig> scrapes,
    List<RemoteWriteTarget> remoteWrites,
    long remoteWriteBytes,
    List<RemoteReadSource> remoteReads,
    List<Path> ruleFiles,
    List<RuleGroup> rules,
    Routing routing,
    Texts texts,
    NodesConfig nodes,
    QueryConfig query,
    WebSettings web) {
  static final Path DEFAULT_STORAGE = Path.of("/var/lib/vigie");
  private static final Duration DAY = Duration.ofDays(1);

  /** Borrowed keys that mean nothing here, so that existing files load. */
  private static final List<String> UNUSED_GLOBALS = List.of("query_log_file");

  /**
   * Reads a file with all that it names; the defaults alone where {@code file} is empty.
   *
   * @throws vigie.base.config.ConfigException with every fault
   */
  static CollectorConfig load(Optional<Path> file, Map<String, String> environment, Faults faults) {
    Section top =
        file.isPresent()
            ? Yaml.load(file.get(), environment, faults)
            : Yaml.parse(Path.of("built-in defaults"), "", environment, faults);
    CollectorConfig config = read(top, environment, faults);
    faults.throwIfAny();
    return config;
  }

  private static CollectorConfig read(Section top, Map<String, String> environment, Faults faults) {
    Section storage = top.section("storage");
    Path path = storage.path("path", DEFAULT_STORAGE);
    Duration samples =
        storage.duration(
            "samples", DAY.multipliedBy(15), Duration.ofMinutes(10), DAY.multipliedBy(3650));
    long remoteWriteBytes = storage.bytes("remote_write_bytes", 1L << 30, 16L << 20, 1L << 44);
    Duration samples5m = coarse(storage, "samples_5m", 60);
    Duration samples1h = coarse(storage, "samples_1h", 730);
    long samplesBytes = storage.bytes("samples_bytes", 10L << 30, 64L << 20, 1L << 44);
    Duration events = storage.duration("events", DAY.multipliedBy(90), DAY, DAY.multipliedBy(3650));
    long eventsBytes = storage.bytes("events_bytes", 10L << 30, 64L << 20, 1L << 44);
    Duration history =
        storage.duration("history", DAY.multipliedBy(90), DAY, DAY.multipliedBy(3650));
    long historyBytes = storage.bytes("history_bytes", 256L << 20, 4L << 20, 1L << 34);
    storage.end();

    Section listen = top.section("listen");
    InetSocketAddress http = address(listen, "http", "127.0.0.1:9337");
    ReceiveConfig receive = ReceiveConfig.read(top, listen);
    Optional<RemoteWriteConfig> remoteWrite = RemoteWriteConfig.read(top, listen, receive.tls());
    listen.end();
    Optional<Path> webConfig = Optional.ofNullable(top.value("web_config_file")).map(Value::path);
    webConfig.ifPresent(web -> WebAccess.check(web, faults));

    List<ScrapeConfig> scrapes = ScrapeConfig.readAll(top);
    Section global = top.section("global");
    Duration evaluation =
        global.duration("evaluation_interval", Duration.ofSeconds(15), Duration.ofMillis(100), DAY);
    Duration queryOffset = global.duration("rule_query_offset", Duration.ZERO, Duration.ZERO, DAY);
    Duration resolveTimeout =
        global.duration("resolve_timeout", Duration.ofMinutes(5), Duration.ofSeconds(1), DAY);
    Labels external = Labels.of(global.section("external_labels").stringMap());
    ScrapeConfig.GLOBALS.forEach(global::has);
    UNUSED_GLOBALS.forEach(global::has);
    Routing.GLOBALS.forEach(global::has);
    global.end();

    List<RemoteWriteTarget> remoteWrites = RemoteWriteTarget.readAll(top, external);
    List<RemoteReadSource> remoteReads = RemoteReadSource.readAll(top, external);
    List<Path> ruleFiles = ruleFiles(top);
    List<RuleGroup> rules = RuleFiles.load(ruleFiles, evaluation, queryOffset, faults);
    Receiver otherwise =
        DiscordWebhookConfig.of(environment)
            .map(discord -> new Receiver("discord", List.of(discord)))
            .orElseGet(TerminalConfig::receiver);
    Map<String, Integration.Reader> readers =
        Map.of(
            "discord_configs",
            DiscordWebhookConfig::read,
            "discord_bot_configs",
            DiscordBotConfig::read,
            "webhook_configs",
            WebhookConfig::read);
    Routing routing = Routing.read(top, readers, otherwise);
    NodesConfig nodes = NodesConfig.from(top.section("nodes"));
    SilenceLimits silences = SilenceLimits.read(top.section("silences"));
    PostedLimits posted = PostedLimits.read(top.section("posted_alerts"));
    String externalUrl = top.string("external_url", "").replaceAll("/+$", "");
    Texts texts = Texts.read(top, routing.templates(), externalUrl);
    QueryConfig query = QueryConfig.read(top, Runtime.getRuntime().maxMemory());
    WebSettings web = WebSettings.read(top.section("web"));
    top.end();
    return new CollectorConfig(
        path,
        samples,
        samples5m,
        samples1h,
        samplesBytes,
        events,
        eventsBytes,
        history,
        historyBytes,
        silences,
        posted,
        resolveTimeout,
        http,
        webConfig,
        receive,
        remoteWrite,
        external,
        externalUrl,
        scrapes,
        remoteWrites,
        remoteWriteBytes,
        remoteReads,
        ruleFiles,
        rules,
        routing,
        texts,
        nodes,
        query,
        web);
  }

  private static Duration coarse(Section storage, String key, int days) {
    return storage.duration(key, DAY.multipliedBy(days), Duration.ZERO, DAY.multipliedBy(3650));
  }

  /** What a reload does not change. */
  List<Object> fixed() {
    return List.of(
        storage,
        samples,
        samples5m,
        samples1h,
        samplesBytes,
        events,
        eventsBytes,
        history,
        historyBytes,
        silences,
        posted,
        http,
        webConfig,
        receive.fixed(),
        remoteWrite,
        externalLabels,
        externalUrl,
        query);
  }

  private static InetSocketAddress address(Section listen, String key, String otherwise) {
    String text = listen.string(key, otherwise);
    try {
      return Addresses.parse(text);
    } catch (IllegalArgumentException e) {
      listen.fault(key, key + " " + e.getMessage());
      return Addresses.parse(otherwise);
    }
  }

  /** The files that the patterns name; unit tests of rules, which lie beside them, are none. */
  private static List<Path> ruleFiles(Section top) {
    List<Path> all = new ArrayList<>();
    for (Value pattern : top.list("rule_files")) {
      Path path = pattern.path();
      if (path == null) {
        continue;
      }
      List<Path> found =
          Globs.expand(List.of(path)).stream().filter(file -> !RuleFiles.isTests(file)).toList();
      if (found.isEmpty()) {
        top.warn("rule_files", "no file matches " + path);
      }
      all.addAll(found);
    }
    return all;
  }
}
