package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import vigie.base.http.Routes;
import vigie.base.time.Durations;
import vigie.collector.api.Json;
import vigie.collector.scrape.Scraper;
import vigie.collector.scrape.Target;

/** {@code /api/v1/targets}: what is scraped, and how it goes. */
public final class TargetsApi {
  private final Scraper scraper;

  public TargetsApi(Scraper scraper) {
    this.scraper = scraper;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get(
        "/api/v1/targets",
        request ->
            QueryApi.success(
                json -> {
                  json.writeStartObject();
                  json.writeArrayFieldStart("activeTargets");
                  for (Target target : scraper.targets()) {
                    target(json, target);
                  }
                  json.writeEndArray();
                  json.writeArrayFieldStart("droppedTargets");
                  json.writeEndArray();
                  json.writeObjectFieldStart("droppedTargetCounts");
                  json.writeEndObject();
                  json.writeEndObject();
                }));
  }

  private static void target(JsonGenerator json, Target target) throws IOException {
    Target.LastScrape last = target.last();
    json.writeStartObject();
    json.writeFieldName("discoveredLabels");
    Json.labels(json, target.discoveredLabels());
    json.writeFieldName("labels");
    Json.labels(json, target.labels());
    json.writeStringField("scrapePool", target.job().jobName());
    json.writeStringField("scrapeUrl", target.url().toString());
    json.writeStringField("globalUrl", target.url().toString());
    json.writeStringField("lastError", last.error());
    Instant at = last.at();
    if (at == null) {
      json.writeStringField("lastScrape", "0001-01-01T00:00:00Z");
    } else {
      Json.time(json, "lastScrape", at);
    }
    json.writeNumberField("lastScrapeDuration", last.took().toNanos() / 1e9);
    json.writeStringField("health", last.health().name().toLowerCase(Locale.ROOT));
    json.writeStringField("scrapeInterval", Durations.format(target.job().interval()));
    json.writeStringField("scrapeTimeout", Durations.format(target.job().timeout()));
    json.writeEndObject();
  }
}
