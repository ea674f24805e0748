package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Durations;
import vigie.collector.api.Json;
import vigie.collector.label.LabelMatcher;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;
import vigie.collector.scrape.DroppedTarget;
import vigie.collector.scrape.Metadata;
import vigie.collector.scrape.Scraper;
import vigie.collector.scrape.Target;

/**
 * {@code /api/v1/targets}, {@code /api/v1/scrape_pools} and the metadata routes: what is scraped,
 * how it goes, and what targets say about their metrics.
 */
public final class TargetsApi {
  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");

  private final Scraper scraper;
  private final String externalUrl;
  private final int ownPort;

  /**
   * @param externalUrl where people reach the collector, {@code ""} where nobody said
   * @param ownPort of the collector's HTTP side
   */
  public TargetsApi(Scraper scraper, String externalUrl, int ownPort) {
    this.scraper = scraper;
    this.externalUrl = externalUrl;
    this.ownPort = ownPort;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/v1/targets", this::targets);
    routes.get("/api/v1/targets/metadata", this::targetsMetadata);
    routes.get("/api/v1/metadata", this::metadata);
    routes.get(
        "/api/v1/scrape_pools",
        request ->
            Answers.success(
                json -> {
                  json.writeStartObject();
                  json.writeArrayFieldStart("scrapePools");
                  for (String job : new java.util.TreeSet<>(scraper.jobs())) {
                    json.writeString(job);
                  }
                  json.writeEndArray();
                  json.writeEndObject();
                }));
  }

  private HttpAnswer targets(HttpRequest request) {
    String state = request.parameter("state").toLowerCase(Locale.ROOT);
    String pool = request.parameter("scrapePool");
    boolean any = state.isEmpty() || state.equals("any");
    boolean active = any || state.equals("active");
    boolean dropped = any || state.equals("dropped");
    return Answers.success(
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("activeTargets");
          for (Target target : active ? scraper.targets() : List.<Target>of()) {
            if (pool.isEmpty() || pool.equals(target.job().jobName())) {
              target(json, target);
            }
          }
          json.writeEndArray();
          json.writeArrayFieldStart("droppedTargets");
          for (DroppedTarget target : dropped ? scraper.dropped() : List.<DroppedTarget>of()) {
            if (pool.isEmpty() || pool.equals(target.job())) {
              json.writeStartObject();
              json.writeFieldName("discoveredLabels");
              Json.labels(json, target.discoveredLabels());
              json.writeStringField("scrapePool", target.job());
              json.writeEndObject();
            }
          }
          json.writeEndArray();
          json.writeFieldName("droppedTargetCounts");
          if (dropped) {
            json.writeStartObject();
            for (Map.Entry<String, Integer> count :
                new TreeMap<>(scraper.droppedCounts()).entrySet()) {
              json.writeNumberField(count.getKey(), count.getValue());
            }
            json.writeEndObject();
          } else {
            json.writeNull();
          }
          json.writeEndObject();
        });
  }

  private void target(JsonGenerator json, Target target) throws IOException {
    Target.LastScrape last = target.last();
    json.writeStartObject();
    json.writeFieldName("discoveredLabels");
    Json.labels(json, target.discoveredLabels());
    json.writeFieldName("labels");
    Json.labels(json, target.labels());
    json.writeStringField("scrapePool", target.job().jobName());
    json.writeStringField("scrapeUrl", target.url().toString());
    json.writeStringField("globalUrl", globalUrl(target.url()));
    json.writeStringField("lastError", last.error());
    Instant at = last.at();
    if (at == null) {
      json.writeStringField("lastScrape", "0001-01-01T00:00:00Z");
    } else {
      Json.time(json, "lastScrape", at);
    }
    json.writeNumberField("lastScrapeDuration", last.took().toNanos() / 1e9);
    json.writeStringField("health", last.health().name().toLowerCase(Locale.ROOT));
    json.writeStringField("scrapeInterval", Durations.format(target.interval()));
    json.writeStringField("scrapeTimeout", Durations.format(target.timeout()));
    json.writeEndObject();
  }

  /** The URL as others reach it: a loopback's host is told as the one in our external URL. */
  private String globalUrl(URI url) {
    String host = url.getHost();
    if (host == null || !LOOPBACK.contains(host) || externalUrl.isEmpty()) {
      return url.toString();
    }
    try {
      URI ours = new URI(externalUrl);
      boolean ourselves = url.getPort() == ownPort;
      return new URI(
              ourselves ? ours.getScheme() : url.getScheme(),
              ourselves
                  ? ours.getRawAuthority()
                  : ours.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort()),
              url.getPath(),
              null,
              null)
          + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery());
    } catch (URISyntaxException e) {
      return url.toString();
    }
  }

  private HttpAnswer targetsMetadata(HttpRequest request) {
    List<LabelMatcher> matchers = List.of();
    String match = request.parameter("match_target");
    if (!match.isEmpty()) {
      try {
        if (!(Parser.parse(match) instanceof Expr.VectorSelector selector)) {
          return Answers.error(
              400,
              "bad_data",
              "invalid parameter \"match_target\": expected a series selector, got " + match);
        }
        matchers = selector.matchers();
      } catch (PromqlException e) {
        return Answers.error(
            400, "bad_data", "invalid parameter \"match_target\": " + e.getMessage());
      }
    }
    String metric = request.parameter("metric");
    int limit = limit(request, "limit");
    List<Map.Entry<Target, Metadata>> found = new ArrayList<>();
    for (Target target : limit == Integer.MIN_VALUE ? List.<Target>of() : scraper.targets()) {
      if (!matchers.stream().allMatch(m -> m.matches(target.labels()))) {
        continue;
      }
      for (Metadata each : target.metadata()) {
        if ((metric.isEmpty() || metric.equals(each.metric())) && isWithin(found.size(), limit)) {
          found.add(Map.entry(target, each));
        }
      }
    }
    if (limit == Integer.MIN_VALUE) {
      return bad("limit");
    }
    return Answers.success(
        json -> {
          json.writeStartArray();
          for (Map.Entry<Target, Metadata> each : found) {
            json.writeStartObject();
            json.writeFieldName("target");
            Json.labels(json, each.getKey().labels());
            if (metric.isEmpty()) {
              json.writeStringField("metric", each.getValue().metric());
            }
            said(json, each.getValue());
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  private HttpAnswer metadata(HttpRequest request) {
    int limit = limit(request, "limit");
    int each = limit(request, "limit_per_metric");
    if (limit == Integer.MIN_VALUE || each == Integer.MIN_VALUE) {
      return bad(limit == Integer.MIN_VALUE ? "limit" : "limit_per_metric");
    }
    String metric = request.parameter("metric");
    Map<String, Set<Metadata>> all = new TreeMap<>();
    for (Target target : scraper.targets()) {
      for (Metadata said : target.metadata()) {
        if (metric.isEmpty() || metric.equals(said.metric())) {
          Set<Metadata> of = all.computeIfAbsent(said.metric(), m -> new LinkedHashSet<>());
          if (isWithin(of.size(), each == 0 ? -1 : each)) {
            of.add(said);
          }
        }
      }
    }
    return Answers.success(
        json -> {
          json.writeStartObject();
          int written = 0;
          for (Map.Entry<String, Set<Metadata>> one : all.entrySet()) {
            if (!isWithin(written++, limit)) {
              break;
            }
            json.writeArrayFieldStart(one.getKey());
            for (Metadata said : one.getValue()) {
              json.writeStartObject();
              said(json, said);
              json.writeEndObject();
            }
            json.writeEndArray();
          }
          json.writeEndObject();
        });
  }

  private static void said(JsonGenerator json, Metadata metadata) throws IOException {
    json.writeStringField("type", metadata.type());
    json.writeStringField("help", metadata.help());
    json.writeStringField("unit", metadata.unit());
  }

  /** As in Prometheus, a negative limit is none, and so is one that is not given. */
  private static boolean isWithin(int count, int limit) {
    return limit < 0 || count < limit;
  }

  /** -1 where it is not given, {@code Integer.MIN_VALUE} where it is no number. */
  private static int limit(HttpRequest request, String name) {
    String text = request.parameter(name);
    if (text.isEmpty()) {
      return -1;
    }
    try {
      return Math.max(-1, Integer.parseInt(text));
    } catch (NumberFormatException e) {
      return Integer.MIN_VALUE;
    }
  }

  private static HttpAnswer bad(String parameter) {
    return Answers.error(400, "bad_data", parameter + " must be a number");
  }
}
