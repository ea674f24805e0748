package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpServer;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;
import vigie.collector.testing.RealPrometheus;

/**
 * The same scrape_configs given to the real Prometheus 3 and to a collector: targets, their labels,
 * what they are asked, the series and their metadata are the same.
 */
class ScrapeSideBySideIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TEXT = "text/plain; version=0.0.4";
  private static final String OPENMETRICS = "application/openmetrics-text; version=1.0.0";

  private static final String PLAIN =
      """
      # HELP a_total Some \\n help with \\\\ in it
      # TYPE a_total counter
      a_total{x="1"} 1
      a_total{x="2",job="own",instance="own"} 2.5e3
      # TYPE g gauge
      g{empty="",q="a \\"b\\" \\\\ \\n é"} -0.125
      g_nan NaN
      g_inf +Inf
      g_ninf -Inf
      a_total{x="3"} 3 NOW
      dup 1
      dup 2
      # TYPE h histogram
      h_bucket{le="0.5"} 1
      h_bucket{le="1"} 1
      h_bucket{le="2.50"} 1
      h_bucket{le="1000000"} 1
      h_bucket{le="0.00001"} 1
      h_bucket{le="odd"} 1
      h_bucket{le="inf"} 2
      h_bucket{le="+Inf"} 2
      h_sum 3
      h_count 2
      # TYPE sm summary
      sm{quantile="0.50",le="1"} 1
      sm{quantile="1"} 1
      sm_sum 3
      sm_count 2
      # TYPE u untyped
      u{le="1",quantile="1"} 1
      u 7
      # a comment
      drop_me{x="1"} 1
      rename_me{pod="p"} 1
      {"quoted.name", "label.name"="é"} 4
      other { a = "b" , } 5
      """;

  private static final Map<String, String[]> PAGES =
      Map.ofEntries(
          page("/plain", TEXT, PLAIN),
          page("/legacy-faults", TEXT, PLAIN),
          page(
              "/honor",
              TEXT,
              "f{instance=\"\",job=\"fed\",role=\"own\"} 1\nf2 2\nf3{exported_job=\"x\",job=\"y\"} 3\n"),
          page(
              "/om",
              OPENMETRICS,
              """
              # TYPE foo_seconds counter
              # HELP foo_seconds Says "x"
              # UNIT foo_seconds seconds
              foo_seconds_total{a="b"} 17.0 # {trace_id="KOO5S4vxi0o"} 0.67
              foo_seconds_created{a="b"} 1.5e9
              # TYPE i info
              i_info{v="1"} 1
              # TYPE s stateset
              s{s="on"} 1
              # TYPE b histogram
              b_bucket{le="1"} 1 # {x="y"} 0.5 1520879607.789
              b_bucket{le="+Inf"} 2
              b_count 2
              b_sum 3
              # EOF
              """),
          page("/om-no-eof", OPENMETRICS, "foo 1\n"),
          page("/om-more", OPENMETRICS, "foo 1\n# EOF\nbar 1\n"),
          page("/typeless", "", "t 1\n"),
          page("/html", "text/html", "t 1\n"),
          page("/broken", TEXT, "ok 1\nok2 2\nbroken\n"),
          page("/bad-number", TEXT, "ok 1\nok2 0x1p3\n"),
          page("/huge-number", TEXT, "ok 1e400\n"),
          page("/bad-time", TEXT, "ok 1 1.5\n"),
          page("/twice", TEXT, "ok{a=\"1\",a=\"2\"} 1\n"),
          page("/empty", TEXT, ""),
          page("/wide", TEXT, "w{a=\"1\",b=\"2\",c=\"3\",d=\"4\"} 1\n"),
          page(
              "/long",
              TEXT,
              "w{abcdefghijklmnopqrstuvwxyz=\"abcdefghijklmnopqrstuvwxyz0123\"} 1\n"),
          page("/many", TEXT, "m1 1\nm2 2\nm3 3\nm4 4\nm5 5\n"));

  private static final String JOBS =
      """
      global: {scrape_interval: 1s, scrape_timeout: 900ms}
      scrape_configs:
      - job_name: plain
        metrics_path: /plain
        params: {module: [one, two], empty: [], 'odd name~*': ['a b/ü']}
        static_configs:
        - {targets: ['ADDRESS'], labels: {role: web, __tmp_x: secret, keep_me: '1'}}
        relabel_configs:
        - {source_labels: [role, __tmp_x], separator: '|', regex: '(w.*)\\|(.*)', target_label: joined, replacement: '${2}-$1-$$'}
        - {source_labels: [__address__], modulus: 17, target_label: hash, action: hashmod}
        - {source_labels: [role], target_label: ROLE, action: uppercase}
        - {source_labels: [role], target_label: lower_role, action: lowercase}
        - {regex: 'keep_(.+)', replacement: 'kept_$1', action: labelmap}
        - {regex: 'keep_.+', action: labeldrop}
        - {target_label: __param_module, replacement: three}
        - {target_label: gone, replacement: ''}
        - {source_labels: [__meta_none], target_label: always, replacement: set}
        metric_relabel_configs:
        - {source_labels: [__name__], regex: 'drop_.*', action: drop}
        - {source_labels: [__name__], regex: 'rename_(.*)', target_label: __name__, replacement: 'renamed_$1'}
        - {source_labels: [pod], target_label: 'po.d'}
        - {regex: pod, action: labeldrop}
      - job_name: dropping
        metrics_path: /plain
        static_configs:
        - targets: ['ADDRESS', 'gone.example:1', 'keep.example:1', '']
        relabel_configs:
        - {source_labels: [__address__], regex: 'gone.*', action: drop}
        - {source_labels: [__address__], regex: 'keep.*|', action: drop}
        - {source_labels: [job], target_label: job, action: keepequal}
        - {source_labels: [job], target_label: nothing, action: dropequal}
      - job_name: honor
        honor_labels: true
        metrics_path: /honor
        static_configs: [{targets: ['ADDRESS'], labels: {role: mine}}]
      - job_name: not-honor
        metrics_path: /honor
        static_configs: [{targets: ['ADDRESS'], labels: {role: mine}}]
      - job_name: no-times
        honor_timestamps: false
        metrics_path: /plain
        static_configs: [{targets: ['ADDRESS']}]
      - job_name: om
        metrics_path: /om
        scrape_protocols: [OpenMetricsText1.0.0, PrometheusText0.0.4]
        static_configs: [{targets: ['ADDRESS']}]
      - job_name: om-faults
        static_configs: [{targets: ['ADDRESS'], labels: {__metrics_path__: /om-no-eof}}, {targets: ['ADDRESS'], labels: {__metrics_path__: /om-more}}]
        relabel_configs: [{source_labels: [__metrics_path__], target_label: path}]
      - job_name: faults
        static_configs:
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /typeless}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /html}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /broken}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /bad-number}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /huge-number}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /bad-time}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /twice}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /empty}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /nowhere}}
        relabel_configs: [{source_labels: [__metrics_path__], target_label: path}]
      - job_name: fallback
        fallback_scrape_protocol: PrometheusText0.0.4
        static_configs:
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /typeless}}
        - {targets: ['ADDRESS'], labels: {__metrics_path__: /html}}
        relabel_configs: [{source_labels: [__metrics_path__], target_label: path}]
      - job_name: nameless
        metrics_path: /many
        static_configs: [{targets: ['ADDRESS']}]
        metric_relabel_configs: [{target_label: __name__, replacement: ''}]
      - {job_name: samples, metrics_path: /many, sample_limit: 3, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: labels, metrics_path: /wide, label_limit: 6, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: labels-fit, metrics_path: /wide, label_limit: 7, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: names, metrics_path: /long, label_name_length_limit: 25, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: values, metrics_path: /long, label_value_length_limit: 29, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: body, metrics_path: /plain, body_size_limit: 100B, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: targets, target_limit: 1, static_configs: [{targets: ['ADDRESS', 'localhost:PORT']}]}
      - job_name: legacy
        metric_name_validation_scheme: legacy
        metric_name_escaping_scheme: underscores
        metrics_path: /legacy
        static_configs: [{targets: ['ADDRESS']}]
      - job_name: legacy-faults
        metric_name_validation_scheme: legacy
        metric_name_escaping_scheme: underscores
        metrics_path: /legacy-faults
        static_configs: [{targets: ['ADDRESS']}]
      - job_name: own-times
        metrics_path: /own
        static_configs: [{targets: ['ADDRESS'], labels: {__scrape_interval__: 500ms, __scrape_timeout__: 400ms, job: renamed, instance: named}}]
      - job_name: files
        metrics_path: /many
        file_sd_configs: [{files: ['targets/*.json', 'targets/*.yml', 'absent.yml']}]
      - job_name: http
        metrics_path: /many
        http_sd_configs: [{url: 'http://ADDRESS/sd?x=1', refresh_interval: 1s, authorization: {credentials_file: token}}]
      - job_name: auth
        metrics_path: /echo-basic
        basic_auth: {username: u, password_file: token}
        http_headers: {X-One: {files: [token]}}
        enable_compression: false
        static_configs: [{targets: ['ADDRESS']}]
      - job_name: bearer
        metrics_path: /echo-token
        authorization: {type: Token, credentials_file: token}
        scrape_protocols: [PrometheusText1.0.0]
        static_configs: [{targets: ['ADDRESS']}]
      - {job_name: redirected, metrics_path: /moved, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: not-redirected, metrics_path: /moved, follow_redirects: false, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: refused, static_configs: [{targets: ['127.0.0.1:1']}]}
      """;

  @TempDir Path dir;
  private final EventLoops loops = EventLoops.nio(1, "test");

  /** Requests by who asked and for what, the newest. */
  private final Map<String, String> asked = new ConcurrentHashMap<>();

  private final long started = Clock.system().millis();

  private final HttpServer server =
      new HttpServer(
          loops,
          new InetSocketAddress("127.0.0.1", 0),
          new HttpServer.Limits(1000, 256),
          WebAccess.open(Clock.system(), new SimpleMeterRegistry()),
          Runnable::run,
          this::answer);
  private final HttpClient http = HttpClient.newHttpClient();

  private static Map.Entry<String, String[]> page(String path, String type, String text) {
    return Map.entry(path, new String[] {type, text});
  }

  private HttpAnswer answer(vigie.base.http.HttpRequest request) {
    boolean theirs = request.header("user-agent").startsWith("Prometheus");
    asked.put(
        (theirs ? "theirs " : "ours ") + request.path(),
        "accept="
            + request.header("accept")
            + " encoding="
            + request.header("accept-encoding")
            + " timeout="
            + request.header("x-prometheus-scrape-timeout-seconds")
            + " refresh="
            + request.header("x-prometheus-refresh-interval-seconds")
            + " auth="
            + request.header("authorization")
            + " one="
            + request.header("x-one"));
    String[] page = PAGES.get(request.path());
    if (page != null) {
      return HttpAnswer.of(200, page[0], page[1].replace("NOW", Long.toString(started)));
    }
    return switch (request.path()) {
      case "/metrics" -> HttpAnswer.of(200, TEXT, "m 1\n");
      case "/moved" -> HttpAnswer.text(302, "").with("location", "/many?moved=1");
      case "/echo-basic", "/echo-token", "/own", "/legacy" -> HttpAnswer.of(200, TEXT, "echo 1\n");
      case "/sd" ->
          HttpAnswer.of(
              200,
              "application/json",
              "[{\"targets\":[\"127.0.0.1:"
                  + server.port()
                  + "\"],\"labels\":{\"__meta_z\":\"\\ud83d\\ude00\",\"from\":\"sd\"}}]");
      default -> HttpAnswer.text(404, "no");
    };
  }

  @Test
  void givenSameJobs_whenScraped_thenTargetsSeriesAndMetadataAreTheSame() throws Exception {
    String address = "127.0.0.1:" + server.port();
    String jobs = JOBS.replace("ADDRESS", address).replace("PORT", Integer.toString(server.port()));
    Files.writeString(dir.resolve("token"), "s3cret\n");
    Files.createDirectories(dir.resolve("targets"));
    Files.writeString(
        dir.resolve("targets/a.json"),
        "[{\"targets\":[\"" + address + "\"],\"labels\":{\"file\":\"json\"}}]");
    Files.writeString(
        dir.resolve("targets/b.yml"), "- targets: ['" + address + "']\n  labels: {file: yml}\n");
    Path file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            "storage: {path: store}\nlisten: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}\n" + jobs);
    try (RealPrometheus theirs = RealPrometheus.start(dir, jobs);
        Collector ours =
            Collector.start(
                Optional.of(file),
                CollectorConfig.load(Optional.of(file), Map.of(), new Faults()))) {
      String ourUrl = "http://127.0.0.1:" + ours.httpPort();
      for (String url : List.of(theirs.url(), ourUrl)) {
        await()
            .atMost(Duration.ofSeconds(90))
            .pollInterval(Duration.ofMillis(250))
            .untilAsserted(() -> settled(url));
      }
      List<String> differences = new ArrayList<>();
      compare("targets", targets(theirs.url()), targets(ourUrl), differences);
      compare("series", series(theirs.url()), series(ourUrl), differences);
      compare("metadata", metadata(theirs.url()), metadata(ourUrl), differences);
      compare("requests", requests("theirs "), requests("ours "), differences);
      for (String path :
          List.of(
              "/api/v1/targets?state=active&scrapePool=plain",
              "/api/v1/targets?state=dropped",
              "/api/v1/scrape_pools",
              "/api/v1/metadata?metric=foo_seconds",
              "/api/v1/metadata?metric=none",
              "/api/v1/metadata?limit=x",
              "/api/v1/targets/metadata?metric=foo_seconds",
              "/api/v1/targets/metadata?match_target={job=\"none\"}",
              "/api/v1/targets/metadata?match_target=sum(x)&limit=1")) {
        compare(path, shape(theirs.url(), path), shape(ourUrl, path), differences);
      }
      assertThat(differences).isEmpty();
    } finally {
      server.close();
      loops.close();
    }
  }

  private static void compare(
      String what, Map<String, String> theirs, Map<String, String> ours, List<String> into) {
    TreeSet<String> keys = new TreeSet<>(theirs.keySet());
    keys.addAll(ours.keySet());
    for (String key : keys) {
      String one = theirs.getOrDefault(key, "absent");
      String other = ours.getOrDefault(key, "absent");
      if (!one.equals(other)) {
        into.add("\n" + what + " " + key + "\n  theirs " + one + "\n  ours   " + other);
      }
    }
  }

  /** Every target has been scraped often enough for what changes at first to be still. */
  private void settled(String url) throws Exception {
    JsonNode counts = query(url, "count_over_time(up[10m])");
    assertThat(counts.size()).isGreaterThanOrEqualTo(38);
    for (JsonNode each : counts) {
      assertThat(each.path("value").path(1).asInt()).as(each.toString()).isGreaterThan(3);
    }
  }

  private Map<String, String> targets(String url) throws Exception {
    JsonNode data = get(url, "/api/v1/targets").path("data");
    Map<String, String> all = new TreeMap<>();
    for (JsonNode each : data.path("activeTargets")) {
      String error = each.path("lastError").asText().isEmpty() ? "" : "failing";
      all.put(
          each.path("scrapePool").asText() + sorted(each.path("labels")),
          sorted(each.path("discoveredLabels"))
              + " url="
              + each.path("scrapeUrl").asText()
              + " health="
              + each.path("health").asText()
              + " interval="
              + each.path("scrapeInterval").asText()
              + " timeout="
              + each.path("scrapeTimeout").asText()
              + " "
              + error);
    }
    data.path("droppedTargets")
        .forEach(
            each ->
                all.put(
                    "dropped " + sorted(each.path("discoveredLabels")),
                    each.path("scrapePool").asText()));
    all.put("counts", sorted(data.path("droppedTargetCounts")));
    return all;
  }

  private Map<String, String> series(String url) throws Exception {
    Map<String, String> all = new TreeMap<>();
    for (JsonNode each : query(url, "{job=~\".+\",__name__!=\"scrape_duration_seconds\"}")) {
      all.put(sorted(each.path("metric")), each.path("value").path(1).asText());
    }
    for (JsonNode each : query(url, "max_over_time(scrape_series_added[10m])")) {
      all.put("most added " + sorted(each.path("metric")), each.path("value").path(1).asText());
    }
    for (JsonNode each : query(url, "timestamp(a_total{x=\"3\",job!=\"no-times\"})")) {
      all.put("time " + sorted(each.path("metric")), each.path("value").path(1).asText());
    }
    assertThat(all).isNotEmpty();
    return all;
  }

  private Map<String, String> metadata(String url) throws Exception {
    Map<String, String> all = new TreeMap<>();
    JsonNode data = get(url, "/api/v1/metadata").path("data");
    data.fields().forEachRemaining(each -> all.put(each.getKey(), lines(each.getValue())));
    for (JsonNode each : get(url, "/api/v1/targets/metadata").path("data")) {
      all.put(
          sorted(each.path("target")) + each.path("metric").asText(),
          each.path("type") + " " + each.path("help") + " " + each.path("unit"));
    }
    return all;
  }

  private Map<String, String> requests(String whose) {
    Map<String, String> all = new TreeMap<>();
    asked.forEach(
        (key, value) -> {
          if (key.startsWith(whose)) {
            all.put(key.substring(whose.length()), value);
          }
        });
    return all;
  }

  /** The answer without what is of the moment. */
  private Map<String, String> shape(String url, String path) throws Exception {
    JsonNode answer = get(url, path.replace("{", "%7B").replace("}", "%7D").replace("\"", "%22"));
    String data =
        answer
            .path("data")
            .toString()
            .replaceAll("\"lastScrape\":\"[^\"]*\"", "\"lastScrape\":0")
            .replaceAll("\"lastScrapeDuration\":[^,]*", "\"lastScrapeDuration\":0")
            .replaceAll("\"globalUrl\":\"[^\"]*\"", "\"globalUrl\":\"\"");
    boolean failed = answer.path("status").asText().equals("error");
    return Map.of(
        "status",
        answer.path("status").asText() + answer.path("errorType").asText(),
        "data",
        failed ? "" : sorted(JSON.readTree(data)));
  }

  private static String lines(JsonNode list) {
    TreeSet<String> all = new TreeSet<>();
    list.forEach(each -> all.add(sorted(each)));
    return all.toString();
  }

  /** With the keys in order, and lists of sections too. */
  private static String sorted(JsonNode node) {
    if (node.isArray()) {
      return lines(node);
    }
    if (!node.isObject()) {
      return node.toString();
    }
    Map<String, String> all = new TreeMap<>();
    node.fields().forEachRemaining(each -> all.put(each.getKey(), sorted(each.getValue())));
    return all.toString();
  }

  private JsonNode query(String url, String expression) throws Exception {
    JsonNode answer = get(url, "/api/v1/query?query=" + encoded(expression));
    assertThat(answer.path("status").asText()).as(answer.toString()).isEqualTo("success");
    return answer.path("data").path("result");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private JsonNode get(String url, String path) throws IOException, InterruptedException {
    return JSON.readTree(
        http.send(HttpRequest.newBuilder(URI.create(url + path)).build(), BodyHandlers.ofString())
            .body());
  }
}
