package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.api.Json;
import vigie.collector.api.prometheus.Answers.BadParameter;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Numbers;
import vigie.collector.promql.Parser;
import vigie.collector.rule.GroupStatus;
import vigie.collector.rule.Rule;
import vigie.collector.rule.RuleEngine;
import vigie.collector.rule.RuleGroup;

/** {@code /api/v1/rules} and {@code /api/v1/alerts}: what is evaluated and what it says. */
public final class RulesApi {
  private static final Comparator<GroupStatus> BY_FILE =
      Comparator.<GroupStatus, String>comparing(status -> status.group().file())
          .thenComparing(status -> status.group().name());

  private final RuleEngine rules;

  public RulesApi(RuleEngine rules) {
    this.rules = rules;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/v1/rules", Answers.answering(this::groups));
    routes.get("/api/v1/alerts", request -> Answers.success(this::alerts));
  }

  /** A group with those of its rules that were asked for. */
  private record Chosen(GroupStatus group, List<GroupStatus.RuleStatus> rules) {}

  private HttpAnswer groups(HttpRequest request) {
    boolean withAlerts = !flag(request, "exclude_alerts");
    List<Chosen> chosen = chosen(request);
    int limit = limit(request);
    int from = start(request, chosen, limit);
    int to = limit < 0 ? chosen.size() : Math.min(chosen.size(), from + limit);
    return Answers.success(
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("groups");
          for (Chosen each : chosen.subList(from, to)) {
            group(json, each, withAlerts);
          }
          json.writeEndArray();
          if (to < chosen.size()) {
            json.writeStringField("groupNextToken", token(chosen.get(to).group().group()));
          }
          json.writeEndObject();
        });
  }

  private List<Chosen> chosen(HttpRequest request) {
    String type = request.parameter("type").toLowerCase(Locale.ROOT);
    if (!List.of("", "alert", "record").contains(type)) {
      throw new BadParameter(
          "invalid parameter \"type\": not supported value \"" + request.parameter("type") + '"');
    }
    List<String> names = request.parameters("rule_name[]");
    List<String> groups = request.parameters("rule_group[]");
    List<String> files = request.parameters("file[]");
    List<List<LabelMatcher>> selectors = selectors(request);
    List<Chosen> chosen = new ArrayList<>();
    for (GroupStatus status : rules.groups()) {
      if ((!groups.isEmpty() && !groups.contains(status.group().name()))
          || (!files.isEmpty() && !files.contains(status.group().file()))) {
        continue;
      }
      List<GroupStatus.RuleStatus> some = new ArrayList<>();
      for (GroupStatus.RuleStatus rule : status.rules()) {
        String ruleType = rule.rule() instanceof Rule.Alerting ? "alert" : "record";
        if ((type.isEmpty() || type.equals(ruleType))
            && (names.isEmpty() || names.contains(rule.rule().name()))
            && (selectors.isEmpty() || matchesAny(selectors, rule.rule()))) {
          some.add(rule);
        }
      }
      if (!some.isEmpty()) {
        chosen.add(new Chosen(status, some));
      }
    }
    chosen.sort(Comparator.comparing(Chosen::group, BY_FILE));
    return chosen;
  }

  private static List<List<LabelMatcher>> selectors(HttpRequest request) {
    List<List<LabelMatcher>> selectors = new ArrayList<>();
    for (String match : request.parameters("match[]")) {
      if (!(Parser.parse(match) instanceof Expr.VectorSelector selector)) {
        throw new BadParameter(
            "invalid parameter \"match[]\": expected a series selector, got " + match);
      }
      selectors.add(selector.matchers());
    }
    return selectors;
  }

  /** By the rule's own labels; one that a template makes has no value before there is an alert. */
  private static boolean matchesAny(List<List<LabelMatcher>> selectors, Rule rule) {
    Labels labels = rule.fixedLabels();
    return selectors.stream()
        .anyMatch(selector -> selector.stream().allMatch(matcher -> matcher.matches(labels)));
  }

  private static boolean flag(HttpRequest request, String name) {
    String text = request.parameter(name);
    return switch (text) {
      case "1", "t", "T", "true", "TRUE", "True" -> true;
      case "", "0", "f", "F", "false", "FALSE", "False" -> false;
      default ->
          throw new BadParameter(
              "invalid parameter \""
                  + name
                  + "\": error converting "
                  + name
                  + ": strconv.ParseBool: parsing \""
                  + text
                  + "\": invalid syntax");
    };
  }

  /** Most groups in an answer; -1 for all. */
  private static int limit(HttpRequest request) {
    String text = request.parameter("group_limit");
    if (text.isEmpty()) {
      return -1;
    }
    int limit = text.matches("[+-]?[0-9]{1,9}") ? Integer.parseInt(text) : 0;
    if (limit > 0) {
      return limit;
    }
    throw new BadParameter(
        "invalid parameter \"group_limit\": group_limit needs to be "
            + (text.matches("[+-]?[0-9]+") ? "greater than 0" : "a valid number: strconv.ParseInt:")
            + (text.matches("[+-]?[0-9]+") ? "" : " parsing \"" + text + "\": invalid syntax"));
  }

  /** Where the page begins that the token is for. */
  private static int start(HttpRequest request, List<Chosen> chosen, int limit) {
    String token = request.parameter("group_next_token");
    if (token.isEmpty()) {
      return 0;
    }
    if (limit < 0) {
      throw new BadParameter(
          "invalid parameter \"group_next_token\": group_limit needs to be present in order to"
              + " paginate over the groups");
    }
    for (int i = 0; i < chosen.size(); i++) {
      if (token(chosen.get(i).group().group()).equals(token)) {
        return i;
      }
    }
    throw new BadParameter(
        "invalid parameter \"group_next_token\": invalid group_next_token '"
            + token
            + "'. were rule groups changed?");
  }

  /** As Prometheus names the group that a page begins with. */
  private static String token(RuleGroup group) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-1")
              .digest((group.file() + ";" + group.name()).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("BUG: every JRE has SHA-1", e);
    }
  }

  private static void group(JsonGenerator json, Chosen chosen, boolean withAlerts)
      throws IOException {
    GroupStatus status = chosen.group();
    json.writeStartObject();
    json.writeStringField("name", status.group().name());
    json.writeStringField("file", status.group().file());
    json.writeArrayFieldStart("rules");
    for (GroupStatus.RuleStatus rule : chosen.rules()) {
      rule(json, rule, withAlerts);
    }
    json.writeEndArray();
    json.writeNumberField("interval", status.group().interval().toMillis() / 1000.0);
    json.writeNumberField("limit", status.group().limit());
    json.writeNumberField("evaluationTime", status.took().toNanos() / 1e9);
    lastEvaluation(json, status.lastEvaluation());
    json.writeEndObject();
  }

  private static void rule(JsonGenerator json, GroupStatus.RuleStatus status, boolean withAlerts)
      throws IOException {
    json.writeStartObject();
    if (status.rule() instanceof Rule.Alerting alerting) {
      json.writeStringField("state", status.state());
      json.writeStringField("name", alerting.name());
      json.writeStringField("query", alerting.expr().toString());
      json.writeNumberField("duration", alerting.hold().toMillis() / 1000.0);
      json.writeNumberField("keepFiringFor", alerting.keepFiringFor().toMillis() / 1000.0);
      texts(json, "labels", alerting.labels());
      texts(json, "annotations", alerting.annotations());
      json.writeFieldName("alerts");
      if (withAlerts) {
        json.writeStartArray();
        alerts(json, status);
        json.writeEndArray();
      } else {
        json.writeNull();
      }
    } else if (status.rule() instanceof Rule.Recording recording) {
      json.writeStringField("name", recording.name());
      json.writeStringField("query", recording.expr().toString());
      if (!recording.labels().isEmpty()) {
        json.writeFieldName("labels");
        Json.labels(json, recording.labels());
      }
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
    for (GroupStatus group : rules.groups()) {
      for (GroupStatus.RuleStatus rule : group.rules()) {
        alerts(json, rule);
      }
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void alerts(JsonGenerator json, GroupStatus.RuleStatus rule) throws IOException {
    for (Alert alert : rule.alerts()) {
      if (alert.state() == AlertState.RESOLVED) {
        continue;
      }
      json.writeStartObject();
      json.writeFieldName("labels");
      Json.labels(json, alert.labels());
      json.writeFieldName("annotations");
      Json.labels(json, alert.annotations());
      json.writeStringField("state", alert.state().name().toLowerCase(Locale.ROOT));
      Json.time(json, "activeAt", alert.activeAt());
      Instant keptSince = rule.keptSince().get(alert.labels());
      if (keptSince != null) {
        Json.time(json, "keepFiringSince", keptSince);
      }
      json.writeStringField("value", Numbers.scientific(alert.value()));
      json.writeEndObject();
    }
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
