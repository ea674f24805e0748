package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.api.Json;
import vigie.collector.promql.Numbers;
import vigie.collector.rule.GroupStatus;
import vigie.collector.rule.Rule;
import vigie.collector.rule.RuleEngine;

/** {@code /api/v1/rules} and {@code /api/v1/alerts}: what is evaluated and what it says. */
public final class RulesApi {
  private final RuleEngine rules;

  public RulesApi(RuleEngine rules) {
    this.rules = rules;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/v1/rules", request -> Answers.success(json -> groups(json, request)));
    routes.get("/api/v1/alerts", request -> Answers.success(this::alerts));
  }

  private void groups(JsonGenerator json, HttpRequest request) throws IOException {
    String type = request.parameter("type");
    List<String> names = request.parameters("rule_name[]");
    List<String> groups = request.parameters("rule_group[]");
    List<String> files = request.parameters("file[]");
    json.writeStartObject();
    json.writeArrayFieldStart("groups");
    for (GroupStatus status : rules.groups()) {
      if (!groups.isEmpty() && !groups.contains(status.group().name())
          || !files.isEmpty() && !files.contains(status.group().file())) {
        continue;
      }
      json.writeStartObject();
      json.writeStringField("name", status.group().name());
      json.writeStringField("file", status.group().file());
      json.writeArrayFieldStart("rules");
      for (GroupStatus.RuleStatus rule : status.rules()) {
        String ruleType = rule.rule() instanceof Rule.Alerting ? "alert" : "record";
        if ((type.isEmpty() || type.equals(ruleType))
            && (names.isEmpty() || names.contains(rule.rule().name()))) {
          rule(json, rule);
        }
      }
      json.writeEndArray();
      json.writeNumberField("interval", status.group().interval().toMillis() / 1000.0);
      json.writeNumberField("limit", status.group().limit());
      json.writeNumberField("evaluationTime", status.took().toNanos() / 1e9);
      lastEvaluation(json, status.lastEvaluation());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void rule(JsonGenerator json, GroupStatus.RuleStatus status) throws IOException {
    json.writeStartObject();
    if (status.rule() instanceof Rule.Alerting alerting) {
      json.writeStringField("state", status.state());
      json.writeStringField("name", alerting.name());
      json.writeStringField("query", alerting.query());
      json.writeNumberField("duration", alerting.hold().toMillis() / 1000.0);
      json.writeNumberField("keepFiringFor", alerting.keepFiringFor().toMillis() / 1000.0);
      texts(json, "labels", alerting.labels());
      texts(json, "annotations", alerting.annotations());
      json.writeArrayFieldStart("alerts");
      for (Alert alert : status.alerts()) {
        if (alert.state() != AlertState.RESOLVED) {
          alert(json, alert);
        }
      }
      json.writeEndArray();
    } else {
      json.writeStringField("name", status.rule().name());
      json.writeStringField("query", status.rule().query());
    }
    json.writeStringField("health", status.health().text());
    if (!status.lastError().isEmpty()) {
      json.writeStringField("lastError", status.lastError());
    }
    json.writeNumberField("evaluationTime", status.took().toNanos() / 1e9);
    lastEvaluation(json, status.lastEvaluation());
    json.writeStringField(
        "type", status.rule() instanceof Rule.Alerting ? "alerting" : "recording");
    json.writeEndObject();
  }

  private void alerts(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("alerts");
    for (Alert alert : rules.alerts()) {
      if (alert.state() != AlertState.RESOLVED) {
        alert(json, alert);
      }
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void alert(JsonGenerator json, Alert alert) throws IOException {
    json.writeStartObject();
    json.writeFieldName("labels");
    Json.labels(json, alert.labels());
    json.writeFieldName("annotations");
    Json.labels(json, alert.annotations());
    json.writeStringField("state", alert.state().name().toLowerCase(Locale.ROOT));
    Json.time(json, "activeAt", alert.activeAt());
    json.writeStringField("value", Numbers.json(alert.value()));
    json.writeEndObject();
  }

  private static void texts(JsonGenerator json, String field, Map<String, ?> texts)
      throws IOException {
    json.writeObjectFieldStart(field);
    for (Map.Entry<String, ?> text : new TreeMap<>(texts).entrySet()) {
      json.writeStringField(text.getKey(), text.getValue().toString());
    }
    json.writeEndObject();
  }

  private static void lastEvaluation(JsonGenerator json, @Nullable Instant at) throws IOException {
    if (at == null) {
      json.writeStringField("lastEvaluation", "0001-01-01T00:00:00Z");
    } else {
      Json.time(json, "lastEvaluation", at);
    }
  }
}
