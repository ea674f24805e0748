package vigie.collector.api.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;
import vigie.base.time.ManualClock;
import vigie.collector.label.Labels;
import vigie.collector.label.Regex;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.sample.Staleness;
import vigie.collector.store.sample.MemorySampleStore;
import vigie.collector.testing.RealPrometheus;
import vigie.collector.testing.TwinSamples;

/**
 * The same requests over the same samples, answered by the real Prometheus 3 and by this API:
 * status code, type of error, data, warnings and infos. What differs stands in {@link #DIFFERENT}
 * with its reason.
 */
class ApiAnswersIT {
  private static final long START = 1_767_225_600_000L;
  private static final String T = "1767227000";
  private static final String FROM = "1767226000";
  private static final String TO = "1767227600.5";

  /** What of an error's text is compared: all, or how it begins. */
  private static final int BEGINNING = 12;

  /** Requests whose answers differ, by a part of the request, and why. */
  private static final Map<String, String> DIFFERENT =
      Map.of(
          "time=NaN", "no time: Prometheus takes some moment or other",
          "timeout=-1", "Prometheus blames the query for it, we the timeout",
          "timeout=0", "Prometheus calls it execution, we a timeout",
          "sort", "later releases warn of it, and so do we");

  @TempDir static Path folder;
  private static final EventLoops loops = EventLoops.nio(1, "test");
  private static final ExecutorService threads = Executors.newFixedThreadPool(2);
  private static final HttpClient http = HttpClient.newHttpClient();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final MemorySampleStore store = new MemorySampleStore(10_000);
  private static RealPrometheus prometheus;
  private static HttpServer server;

  private record Ask(String method, String path, List<String> parameters) {
    @Override
    public String toString() {
      return method + " " + path + "?" + RealPrometheus.form(parameters.toArray(String[]::new));
    }
  }

  private static final List<Ask> asks = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    prometheus =
        RealPrometheus.start(
            folder, "", "--web.enable-remote-write-receiver", "--query.max-samples=20000");
    TwinSamples samples = new TwinSamples();
    for (int i = 0; i < 150; i++) {
      for (int host = 0; host < 3; host++) {
        long time = START + i * 15_000L + host;
        String instance = "h" + host + ":9100";
        Labels base = Labels.of("instance", instance, "job", host == 2 ? "db" : "web");
        samples.add(named(base, "up"), time, i % 40 == 7 ? 0 : 1);
        samples.add(named(base, "requests_total"), time, i * (host + 1) % 1000);
        samples.add(named(base, "temperature"), time, 20 + Math.sin(i / 10.0) * host);
        if (i > 100 && host == 0) {
          samples.add(named(base, "gone"), time, i == 120 ? Staleness.MARKER : i);
        }
        for (String le : List.of("0.1", "1", "+Inf")) {
          Labels bucket = base.toBuilder().set("le", le).build();
          samples.add(named(bucket, "took_bucket"), time, i * (le.length() + host));
        }
        Labels odd = base.toBuilder().set("http.code", "é\n\"\\").build();
        samples.add(named(odd, "http.server"), time, Double.POSITIVE_INFINITY);
      }
    }
    samples.send(store, prometheus);
    Clock clock = Clock.system();
    Engine engine = new Engine(store, EngineOptions.defaults().withMaxSamples(20_000), clock);
    Routes routes = new Routes();
    new QueryApi(engine, clock, threads).routes(routes);
    new SeriesApi(store).routes(routes);
    StatusApi.State state =
        new StatusApi.State(
            "1", Instant.EPOCH, Instant.EPOCH, true, "h", "/", "15d", Map.of("a", "b"), "{}\n");
    ManualClock then = new ManualClock(Instant.ofEpochMilli(START + 3_600_000));
    new StatusApi(store, then, () -> state).routes(routes);
    server =
        new HttpServer(
            loops,
            new InetSocketAddress("127.0.0.1", 0),
            new HttpServer.Limits(1 << 20, 16),
            WebAccess.open(clock, new SimpleMeterRegistry()),
            threads,
            new Cors(routes, Optional.of(Regex.of(".*"))));
    collect();
  }

  private static Labels named(Labels labels, String name) {
    return labels.toBuilder().set(Labels.NAME, name).build();
  }

  @AfterAll
  static void stop() throws Exception {
    prometheus.close();
    server.close();
    loops.close();
    threads.shutdownNow();
  }

  private static void ask(String path, String... parameters) {
    asks.add(
        new Ask(asks.size() % 2 == 0 ? "GET" : "POST", "/api/v1/" + path, List.of(parameters)));
  }

  private static void get(String path, String... parameters) {
    asks.add(new Ask("GET", "/api/v1/" + path, List.of(parameters)));
  }

  /** All requests. */
  private static void collect() {
    List<String> good =
        List.of(
            "up",
            "up == 0",
            "up{job=\"web\"}",
            "up{job=~\"w.*\",instance!=\"h0:9100\"}",
            "up[1m]",
            "up[1m] offset 30s",
            "up[2m:20s]",
            "gone",
            "gone[20m]",
            "nothing",
            "1",
            "-1 / 0",
            "0 / 0",
            "\"text\"",
            "1 > bool 2",
            "time()",
            "vector(1)",
            "scalar(up{instance=\"h0:9100\"})",
            "sum(up)",
            "sum by (job) (up)",
            "sum without (instance) (rate(requests_total[5m]))",
            "rate(requests_total[5m])",
            "irate(requests_total[5m])",
            "increase(temperature[5m])",
            "rate(temperature[5m])",
            "delta(temperature[5m])",
            "quantile(2, temperature)",
            "quantile(-1, temperature)",
            "quantile by (job) (0.3, temperature)",
            "quantile_over_time(1.5, temperature[5m])",
            "histogram_quantile(0.9, took_bucket)",
            "histogram_quantile(0.9, rate(took_bucket[5m]))",
            "histogram_quantile(3, took_bucket)",
            "histogram_quantile(0.5, temperature)",
            "topk(2, temperature)",
            "bottomk by (job) (1, temperature)",
            "sort(temperature)",
            "sort_desc(temperature)",
            "count_values(\"value\", up)",
            "label_replace(up, \"host\", \"$1\", \"instance\", \"(.*):.*\")",
            "label_replace(up, \"host\", \"$1\", \"instance\", \"(\")",
            "label_replace(up, \"\", \"$1\", \"instance\", \"(.*)\")",
            "label_join(up, \"x\", \"-\", \"job\", \"instance\")",
            "absent(nothing{a=\"b\"})",
            "absent_over_time(up[1m])",
            "changes(up[20m])",
            "up * on (instance) group_left (job) temperature",
            "up * on (job) temperature",
            "up + on (instance) temperature",
            "up and on (instance) temperature > 20",
            "up or vector(3)",
            "up unless up == 0",
            "{__name__=~\"up|temperature\"}",
            "rate({__name__=~\"up|temperature\"}[5m])",
            "sum({__name__=~\".+\"})",
            "{\"http.server\"}",
            "{\"http.server\",\"http.code\"=~\".+\"}",
            "day_of_week()",
            "up @ 1767226500",
            "up @ end()",
            "predict_linear(temperature[10m], 3600)",
            "temperature ^ 2 % 7",
            "clamp(temperature, 1, 5)",
            "round(temperature, 0.5)",
            "-up",
            "5m",
            "max_over_time(rate(requests_total[1m])[10m:1m])");
    for (String query : good) {
      ask("query", "query", query, "time", T);
      ask("query_range", "query", query, "start", FROM, "end", TO, "step", "47");
      ask("format_query", "query", query);
      ask("parse_query", "query", query);
    }
    for (String wrong :
        List.of(
            "",
            " ",
            "sum(",
            "up{",
            "up[5m",
            "up)",
            "up up",
            "rate(up)",
            "foo(up)",
            "up[0s]",
            "{}",
            "up{job=~\"(\"}",
            "1 == 1",
            "sum(1)",
            "info(up)",
            "up offset 1m offset 2m",
            "\"abc",
            "up $ 1",
            "topk(up)")) {
      ask("query", "query", wrong, "time", T);
      ask("query_range", "query", wrong, "start", FROM, "end", TO, "step", "47");
      ask("format_query", "query", wrong);
      ask("parse_query", "query", wrong);
      ask("query_exemplars", "query", wrong);
      ask("series", "match[]", wrong);
    }
    String q = "query";
    ask(q);
    ask(q, q, "up", "time", "x");
    ask(q, q, "up", "time", "NaN");
    ask(q, q, "up", "time", "2026-01-01T00:20:00Z");
    ask(q, q, "up", "time", "2026-01-01T00:20:00.5+01:00");
    ask(q, q, "up", "time", "1767227000.1239");
    ask(q, q, "up", "time", "1.767227e9");
    ask(q, q, "up", "time", T, "limit", "1");
    ask(q, q, "up", "time", T, "limit", "0");
    ask(q, q, "up", "time", T, "limit", "x");
    ask(q, q, "up", "time", T, "limit", "-1");
    ask(q, q, "up[1m]", "time", T, "limit", "2");
    ask(q, q, "1", "time", T, "limit", "1");
    ask(q, q, "up", "time", T, "timeout", "x");
    ask(q, q, "up", "time", T, "timeout", "10s");
    ask(q, q, "up", "time", T, "timeout", "2.5");
    ask(q, q, "up", "time", T, "timeout", "0");
    ask(q, q, "up", "time", T, "timeout", "-1");
    ask(q, q, "up", "time", T, "timeout", "1e30");
    ask(q, q, "up", "time", "1767228100", "lookback_delta", "1h");
    ask(q, q, "up", "time", "1767228100", "lookback_delta", "1");
    ask(q, q, "up", "time", "1767228100", "lookback_delta", "x");
    ask(q, q, "up", "time", "1767228100", "lookback_delta", "0");
    ask(q, q, "up", "time", "1767228100", "lookback_delta", "-5");
    ask(q, q, "{__name__=~\".+\"}[1h]", "time", T);
    ask(q, "query", "up", "query", "down", "time", T);
    String r = "query_range";
    ask(r);
    ask(r, q, "up");
    ask(r, q, "up", "start", FROM);
    ask(r, q, "up", "start", FROM, "end", TO);
    ask(r, q, "up", "start", "x", "end", TO, "step", "1");
    ask(r, q, "up", "start", FROM, "end", "x", "step", "1");
    ask(r, q, "up", "start", TO, "end", FROM, "step", "1");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "0");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "-1");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "x");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "1e30");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "1m");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "0.1");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "0.15");
    ask(r, q, "up", "start", FROM, "end", FROM, "step", "60");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "60", "limit", "2");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "60", "timeout", "1m");
    ask(r, q, "up", "start", FROM, "end", TO, "step", "60", "lookback_delta", "20s");
    ask(r, q, "{__name__=~\".+\"}", "start", FROM, "end", TO, "step", "1");
    ask(r, q, "sum_over_time({__name__=~\".+\"}[1h])", "start", FROM, "end", TO, "step", "1");
    for (String match :
        List.of(
            "up",
            "{job=\"web\"}",
            "{__name__=~\".*total\"}",
            "nothing",
            "{\"http.server\"}",
            "up[5m]",
            "up offset 5m",
            "sum(up)",
            "1",
            "{}",
            "{job=~\".*\"}",
            "up{",
            "\"up\"")) {
      ask("series", "match[]", match, "start", FROM, "end", TO);
      ask("labels", "match[]", match, "start", FROM, "end", TO);
      get("label/instance/values", "match[]", match, "start", FROM, "end", TO);
      get("label/__name__/values", "match[]", match);
    }
    ask("series");
    ask("series", "match[]", "up", "match[]", "temperature", "start", FROM, "end", TO);
    ask("series", "match[]", "up", "match[]", "up", "start", FROM, "end", TO);
    ask("series", "match[]", "up", "start", "x");
    ask("series", "match[]", "up", "end", "x");
    ask("series", "match[]", "up", "start", FROM, "end", TO, "limit", "2");
    ask("series", "match[]", "up", "limit", "x");
    ask("series", "match[]", "up", "start", "-292273086-05-16T16:47:06Z");
    ask("labels");
    ask("labels", "start", FROM, "end", TO, "limit", "2");
    ask("labels", "start", "x");
    ask("labels", "limit", "-1");
    get("label/job/values");
    get("label/job/values", "limit", "1");
    get("label/job/values", "limit", "x");
    get("label/nothing/values");
    get("label/http.code/values");
    get("label/U__http_2e_code/values");
    get("label/job/values", "start", "x");
    get("query_exemplars", q, "up", "start", FROM, "end", TO);
    get("query_exemplars", q, "up", "start", TO, "end", FROM);
    get("query_exemplars", q, "up", "start", "x");
    get("alertmanagers");
    get("notifications");
    get("status/walreplay");
    get("status/tsdb", "limit", "x");
    get("status/tsdb", "limit", "0");
    asks.add(new Ask("PUT", "/api/v1/query", List.of(q, "1")));
    asks.add(new Ask("POST", "/api/v1/label/job/values", List.of()));
    asks.add(new Ask("DELETE", "/api/v1/query", List.of()));
    asks.add(new Ask("GET", "/api/v1/unknown", List.of()));
  }

  @Test
  void givenSameSamples_whenAskedForStatistics_thenAsManySamples() throws Exception {
    Map<String, String> differences = new TreeMap<>();
    for (String query :
        List.of(
            "up",
            "up[5m]",
            "gone",
            "nothing",
            "1",
            "time()",
            "sum by (job) (up)",
            "rate(requests_total[5m])",
            "rate(requests_total[5m]) + on(instance) up",
            "histogram_quantile(0.9, sum by (le) (rate(took_bucket[2m])))",
            "up @ 1767226500",
            "sum_over_time(temperature[5m] @ end())",
            "scalar(up{job=\"db\"}) + up offset 1m",
            "max_over_time(rate(requests_total[1m])[5m:30s])",
            "timestamp(up)",
            "absent(nothing)",
            "topk(1, temperature)")) {
      String[] range = {"query", query, "start", FROM, "end", TO, "step", "37", "stats", "all"};
      String[] instant = {"query", query, "time", T, "stats", "all"};
      for (boolean isRange : new boolean[] {true, false}) {
        if (isRange && query.endsWith("]")) {
          continue;
        }
        String path = "/api/v1/query" + (isRange ? "_range" : "");
        String form = path + "?" + RealPrometheus.form(isRange ? range : instant);
        String field = "/data/stats/samples/totalQueryableSamples";
        String theirs = prometheus.get(form).at(field).toString();
        String ours = ours(form).at(field).toString();
        if (!theirs.equals(ours) || theirs.isEmpty()) {
          differences.put(form, ours + " instead of " + theirs);
        }
      }
    }
    assertThat(differences).isEmpty();
  }

  @Test
  void givenSameSamples_whenAskedForTsdb_thenTheSameCounts() throws Exception {
    JsonNode theirs = prometheus.get("/api/v1/status/tsdb?limit=100").path("data");
    JsonNode ours = ours("/api/v1/status/tsdb?limit=100").path("data");
    for (String field :
        List.of(
            "seriesCountByMetricName",
            "labelValueCountByLabelName",
            "memoryInBytesByLabelName",
            "seriesCountByLabelValuePair")) {
      TreeSet<String> expected = new TreeSet<>();
      theirs.path(field).forEach(each -> expected.add(each.toString()));
      TreeSet<String> actual = new TreeSet<>();
      ours.path(field).forEach(each -> actual.add(each.toString()));
      assertThat(actual).as(field).isEqualTo(expected).isNotEmpty();
    }
    for (String field : List.of("numSeries", "numLabelPairs", "minTime", "maxTime")) {
      assertThat(ours.path("headStats").path(field).asLong())
          .as(field)
          .isEqualTo(theirs.path("headStats").path(field).asLong());
    }
  }

  private static JsonNode ours(String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
    return JSON.readTree(
        http.send(java.net.http.HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
            .body());
  }

  @Test
  void givenSameSamples_whenAskedTheSame_thenAnswersAgree() throws Exception {
    List<String> differences = new ArrayList<>();
    for (Ask ask : asks) {
      HttpResponse<String> theirs = send(prometheus.url(), ask);
      HttpResponse<String> ours = send("http://127.0.0.1:" + server.port(), ask);
      String difference = compare(theirs, ours);
      boolean known = DIFFERENT.keySet().stream().anyMatch(ask.toString()::contains);
      if (!difference.isEmpty() && !known) {
        differences.add(ask + "\n  " + difference);
      }
    }

    assertThat(asks).hasSizeGreaterThan(400);
    assertThat(differences).as(differences.size() + " of " + asks.size()).isEmpty();
  }

  private static String compare(HttpResponse<String> theirs, HttpResponse<String> ours)
      throws IOException {
    if (theirs.statusCode() != ours.statusCode()) {
      return "status "
          + ours.statusCode()
          + " instead of "
          + theirs.statusCode()
          + ": "
          + ours.body().strip()
          + " instead of "
          + theirs.body().strip();
    }
    if (!theirs.body().startsWith("{")) {
      return "";
    }
    JsonNode want = JSON.readTree(theirs.body());
    JsonNode got = JSON.readTree(ours.body());
    if (!want.path("errorType").equals(got.path("errorType"))
        || !sameError(want.path("error").asText(), got.path("error").asText())) {
      return "error " + got + " instead of " + want;
    }
    if (!texts(want.path("warnings")).equals(texts(got.path("warnings")))
        || !texts(want.path("infos")).equals(texts(got.path("infos")))) {
      return "annotations " + got + " instead of " + want;
    }
    return same(sorted(want.path("data")), sorted(got.path("data")))
        ? ""
        : "data " + got.path("data") + " instead of " + want.path("data");
  }

  /** Ours may be more helpful, and name a better place, but begin as theirs. */
  private static boolean sameError(String want, String got) {
    return got.isEmpty() == want.isEmpty()
        && core(got).startsWith(core(want).substring(0, Math.min(BEGINNING, core(want).length())));
  }

  private static String core(String error) {
    return error.replaceFirst("(\\d+:\\d+|unknown position): (parse error: )?", "");
  }

  private static TreeSet<String> texts(JsonNode array) {
    TreeSet<String> texts = new TreeSet<>();
    // Releases of Prometheus differ in when they name the metric.
    array.forEach(
        text -> texts.add(text.asText().replaceAll(" for metric name \"[^\"]*\" \\(", " (")));
    return texts;
  }

  /** A vector has no order, unless sorted by value; series have none. */
  private static JsonNode sorted(JsonNode data) {
    JsonNode list = data.isArray() ? data : data.path("result");
    if (!list.isArray() || list.isEmpty() || !list.get(0).isObject()) {
      return data;
    }
    TreeMap<String, JsonNode> byText = new TreeMap<>();
    for (JsonNode each : list) {
      byText.put(keys(each.has("metric") ? each.path("metric") : each), each);
    }
    var array = JSON.createArrayNode();
    byText.values().forEach(array::add);
    return array;
  }

  private static String keys(JsonNode object) {
    TreeMap<String, String> sorted = new TreeMap<>();
    object.properties().forEach(e -> sorted.put(e.getKey(), e.getValue().asText()));
    return sorted.toString();
  }

  private static boolean same(JsonNode want, JsonNode got) {
    if (want.isObject() && got.isObject()) {
      boolean same = want.size() == got.size();
      for (Map.Entry<String, JsonNode> field : want.properties()) {
        same &= got.has(field.getKey()) && same(field.getValue(), got.get(field.getKey()));
      }
      return same;
    }
    if (want.isArray() && got.isArray()) {
      boolean same = want.size() == got.size();
      Iterator<JsonNode> other = got.iterator();
      for (JsonNode one : want) {
        same &= other.hasNext() && same(one, other.next());
      }
      return same;
    }
    return want.asText().equals(got.asText()) || near(want.asText(), got.asText());
  }

  private static boolean near(String want, String got) {
    try {
      double a = Double.parseDouble(want);
      double b = Double.parseDouble(got);
      return Math.abs(a - b) <= 1e-9 * (Math.abs(a) + Math.abs(b));
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static HttpResponse<String> send(String url, Ask ask)
      throws IOException, InterruptedException {
    String form = RealPrometheus.form(ask.parameters().toArray(String[]::new));
    boolean post = ask.method().equals("POST");
    java.net.http.HttpRequest.Builder request =
        java.net.http.HttpRequest.newBuilder(
                URI.create(url + ask.path() + (post || form.isEmpty() ? "" : "?" + form)))
            .timeout(Duration.ofSeconds(30))
            .method(
                ask.method(),
                post
                    ? java.net.http.HttpRequest.BodyPublishers.ofString(form)
                    : java.net.http.HttpRequest.BodyPublishers.noBody());
    if (post) {
      request.header("Content-Type", "application/x-www-form-urlencoded");
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }
}
