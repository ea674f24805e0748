package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import vigie.base.http.HttpFault;
import vigie.base.http.Routes;
import vigie.collector.api.Json;
import vigie.collector.drill.Drill;
import vigie.collector.drill.Drills;

/**
 * {@code /api/vigie/drills}: the last drills, the newest first, and where RELP listens, so that
 * whoever drills knows where to send its event.
 */
public final class DrillsApi {
  private final Drills drills;
  private final Supplier<String> relp;

  /**
   * @param relp {@code HOST:PORT}
   */
  public DrillsApi(Drills drills, Supplier<String> relp) {
    this.drills = drills;
    this.relp = relp;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get(
        "/api/vigie/drills",
        request ->
            Json.answer(
                200,
                json -> {
                  json.writeStartObject();
                  json.writeStringField("relp", relp.get());
                  json.writeArrayFieldStart("drills");
                  for (Drill drill : drills.list()) {
                    write(json, drill);
                  }
                  json.writeEndArray();
                  json.writeEndObject();
                }));
    routes.get(
        "/api/vigie/drills/{id}",
        request -> {
          String id = request.variable("id");
          Drill drill =
              drills.find(id).orElseThrow(() -> new HttpFault(404, "no drill has the id " + id));
          return Json.answer(200, json -> write(json, drill));
        });
  }

  private static void write(JsonGenerator json, Drill drill) throws IOException {
    json.writeStartObject();
    json.writeStringField("drill", drill.id());
    json.writeStringField("state", drill.state().name().toLowerCase(Locale.ROOT));
    json.writeStringField("failure", drill.failure());
    Json.time(json, "begun", drill.begun());
    json.writeArrayFieldStart("hops");
    for (Drill.Hop hop : drill.hops()) {
      json.writeStartObject();
      json.writeStringField("hop", hop.name());
      Duration after = Duration.between(drill.begun(), hop.at());
      json.writeNumberField("afterSeconds", after.toNanos() / 1_000 / 1e6);
      json.writeStringField("detail", hop.detail());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
