package vigie.collector.api.prometheus;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.api.Json;
import vigie.collector.api.prometheus.Answers.BadParameter;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;

/** What Prometheus's API tells of the program itself, and what it has that this one has not. */
public final class StatusApi {
  /** Grafana chooses by it what it may ask for. */
  static final String SPEAKS = "3.5.0";

  private static final int USUAL_LIMIT = 10;
  private static final Duration NEW = Duration.ofHours(3);

  private final SampleStore store;
  private final Clock clock;
  private final Supplier<State> state;

  /**
   * What the root knows.
   *
   * @param version of this program
   * @param flags settings under the names of Prometheus's flags
   * @param configuration the file in force, without its secrets
   * @param retention as people read it
   */
  public record State(
      String version,
      Instant started,
      Instant configured,
      boolean configuredWell,
      String host,
      String folder,
      String retention,
      Map<String, String> flags,
      String configuration) {
    public State {
      flags = Map.copyOf(flags);
    }
  }

  public StatusApi(SampleStore store, Clock clock, Supplier<State> state) {
    this.store = store;
    this.clock = clock;
    this.state = state;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    get(routes, "/api/v1/status/config", this::config);
    get(routes, "/api/v1/status/flags", this::flags);
    get(routes, "/api/v1/status/runtimeinfo", this::runtime);
    get(routes, "/api/v1/status/buildinfo", this::build);
    get(routes, "/api/v1/status/walreplay", StatusApi::replay);
    Answers.get(routes, "/api/v1/status/tsdb", this::tsdb);
    get(routes, "/api/v1/notifications", json -> Json.texts(json, List.of()));
    get(routes, "/api/v1/alertmanagers", StatusApi::alertmanagers);
  }

  private static void get(Routes routes, String path, Json.Writer data) {
    routes.get(path, request -> Answers.success(data));
  }

  private void config(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("yaml", state.get().configuration());
    json.writeEndObject();
  }

  private void flags(JsonGenerator json) throws IOException {
    json.writeStartObject();
    for (Map.Entry<String, String> flag : new TreeMap<>(state.get().flags()).entrySet()) {
      json.writeStringField(flag.getKey(), flag.getValue());
    }
    json.writeEndObject();
  }

  private void runtime(JsonGenerator json) throws IOException {
    State now = state.get();
    json.writeStartObject();
    Json.time(json, "startTime", now.started());
    json.writeStringField("CWD", now.folder());
    json.writeStringField("hostname", now.host());
    Json.time(json, "serverTime", Instant.ofEpochMilli(clock.millis()));
    json.writeBooleanField("reloadConfigSuccess", now.configuredWell());
    Json.time(json, "lastConfigTime", now.configured());
    json.writeNumberField("corruptionCount", 0);
    json.writeNumberField("goroutineCount", Thread.activeCount());
    json.writeNumberField("GOMAXPROCS", Runtime.getRuntime().availableProcessors());
    json.writeNumberField("GOMEMLIMIT", Runtime.getRuntime().maxMemory());
    json.writeStringField("GOGC", "");
    json.writeStringField("GODEBUG", "");
    json.writeStringField("storageRetention", now.retention());
    json.writeEndObject();
  }

  private void build(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("version", SPEAKS + "+vigie-" + state.get().version());
    json.writeStringField("revision", "");
    json.writeStringField("branch", "");
    json.writeStringField("buildUser", "");
    json.writeStringField("buildDate", "");
    json.writeStringField("goVersion", "");
    json.writeEndObject();
  }

  private static void replay(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeNumberField("min", 0);
    json.writeNumberField("max", 0);
    json.writeNumberField("current", 0);
    json.writeEndObject();
  }

  /** Of the last hours' series: counted when asked, since nobody asks often. */
  private HttpAnswer tsdb(HttpRequest request) {
    int limit = tsdbLimit(request);
    long now = clock.millis();
    long since = now - NEW.toMillis();
    Map<String, Integer> byMetric = new HashMap<>();
    Map<String, Map<String, Integer>> byPair = new HashMap<>();
    int count = 0;
    long first = Long.MAX_VALUE;
    long last = Long.MIN_VALUE;
    for (Series series : store.select(since, now, List.of())) {
      Labels labels = series.labels();
      count++;
      SampleIterator samples = series.iterator();
      if (samples.next()) {
        first = Math.min(first, samples.time());
        samples.last(now);
        last = Math.max(last, samples.time());
      }
      byMetric.merge(labels.metricName(), 1, Integer::sum);
      for (int i = 0; i < labels.size(); i++) {
        byPair
            .computeIfAbsent(labels.name(i), n -> new HashMap<>())
            .merge(labels.value(i), 1, Integer::sum);
      }
    }
    int allSeries = count;
    long oldest = first;
    long newest = last;
    Map<String, Integer> values = new HashMap<>();
    Map<String, Integer> bytes = new HashMap<>();
    Map<String, Integer> pairs = new HashMap<>();
    byPair.forEach(
        (name, counts) -> {
          values.put(name, counts.size());
          int nameBytes = name.getBytes(UTF_8).length;
          counts.forEach(
              (value, times) -> {
                // As Prometheus keeps labels: name and value, each behind its length.
                int each = nameBytes + value.getBytes(UTF_8).length + 2;
                bytes.merge(name, each * times, Integer::sum);
                pairs.put(name + "=" + value, times);
              });
        });
    return Answers.success(
        json -> {
          json.writeStartObject();
          json.writeObjectFieldStart("headStats");
          json.writeNumberField("numSeries", allSeries);
          json.writeNumberField("numLabelPairs", pairs.size());
          json.writeNumberField("chunkCount", allSeries);
          json.writeNumberField("minTime", oldest);
          json.writeNumberField("maxTime", newest);
          json.writeEndObject();
          most(json, "seriesCountByMetricName", byMetric, limit);
          most(json, "labelValueCountByLabelName", values, limit);
          most(json, "memoryInBytesByLabelName", bytes, limit);
          most(json, "seriesCountByLabelValuePair", pairs, limit);
          json.writeEndObject();
        });
  }

  private static int tsdbLimit(HttpRequest request) {
    String text = request.parameter("limit");
    if (text.isEmpty()) {
      return USUAL_LIMIT;
    }
    try {
      int limit = Integer.parseInt(text);
      if (limit >= 1) {
        return limit;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new BadParameter("limit must be a positive number");
  }

  private static void most(JsonGenerator json, String field, Map<String, Integer> counts, int limit)
      throws IOException {
    json.writeArrayFieldStart(field);
    List<Map.Entry<String, Integer>> sorted =
        counts.entrySet().stream()
            .sorted(
                Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .limit(limit)
            .toList();
    for (Map.Entry<String, Integer> one : sorted) {
      json.writeStartObject();
      json.writeStringField("name", one.getKey());
      json.writeNumberField("value", one.getValue());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** This program is one itself. */
  private static void alertmanagers(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("activeAlertmanagers");
    json.writeEndArray();
    json.writeArrayFieldStart("droppedAlertmanagers");
    json.writeEndArray();
    json.writeEndObject();
  }
}
