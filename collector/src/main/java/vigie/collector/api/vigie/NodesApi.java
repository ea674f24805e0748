package vigie.collector.api.vigie;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.api.Filters;
import vigie.collector.api.Json;
import vigie.collector.event.StoredEvent;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.node.Node;
import vigie.collector.node.Nodes;

/**
 * {@code /api/vigie/nodes}: what is known of each node. Parameter: {@code filter} (matchers on node
 * and state).
 */
public final class NodesApi {
  private static final int MOST_CHANGES = 1000;
  private final Nodes nodes;
  private final Changed changed;
  private final Clock clock;

  /** What changed on a node. */
  @FunctionalInterface
  public interface Changed {
    /** At most so many, the newest first. */
    List<StoredEvent> on(String node, Instant since, int most);
  }

  public NodesApi(Nodes nodes, Changed changed, Clock clock) {
    this.nodes = nodes;
    this.changed = changed;
    this.clock = clock;
  }

  /** Boots, packages, deployments, reloads: docs/cards.md. */
  private HttpAnswer changes(HttpRequest request) {
    Instant now = clock.now();
    Instant since = Filters.time(request, "since", now, now.minus(Duration.ofDays(1)));
    int most = Filters.integer(request, "limit", 100, 1, MOST_CHANGES);
    List<StoredEvent> found = changed.on(request.variable("name"), since, most);
    return Json.answer(
        200,
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("changes");
          for (StoredEvent event : found) {
            EventJson.write(json, event, false);
          }
          json.writeEndArray();
          json.writeEndObject();
        });
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get("/api/vigie/nodes/{name}/changes", this::changes);
    routes.get(
        "/api/vigie/nodes",
        request -> {
          List<LabelMatcher> matchers = Filters.matchers(request);
          return Json.answer(
              200,
              json -> {
                json.writeStartObject();
                json.writeArrayFieldStart("nodes");
                for (Node node : nodes.list()) {
                  if (Filters.match(
                      matchers, Labels.of("node", node.name(), "state", node.state().word()))) {
                    write(json, node, nodes.dependsOn(node.name()));
                  }
                }
                json.writeEndArray();
                json.writeEndObject();
              });
        });
    routes.get(
        "/api/vigie/nodes/{name}",
        request -> {
          Node node =
              nodes
                  .find(request.variable("name"))
                  .orElseThrow(
                      () -> new HttpFault(404, "no node is called " + request.variable("name")));
          return Json.answer(200, json -> write(json, node, nodes.dependsOn(node.name())));
        });
  }

  private static void write(JsonGenerator json, Node node, String dependsOn) throws IOException {
    json.writeStartObject();
    json.writeStringField("node", node.name());
    json.writeStringField("state", node.state().word());
    json.writeStringField("why", node.why());
    Json.time(json, "since", node.since());
    json.writeBooleanField("silent", node.state().isSilent());
    json.writeBooleanField("expected", node.expected());
    json.writeBooleanField("watched", node.watched());
    Json.time(json, "lastHeard", node.lastHeard());
    Duration offset = node.clockOffset();
    if (offset == null) {
      json.writeNullField("clockOffsetSeconds");
    } else {
      json.writeNumberField("clockOffsetSeconds", offset.toMillis() / 1000.0);
    }
    json.writeStringField("version", node.version());
    json.writeStringField("boot", node.boot());
    json.writeStringField("spool", node.spool());
    Node.Agent agent = node.agent();
    json.writeBooleanField("connected", agent.connected());
    if (agent.pending() < 0) {
      json.writeNullField("pending");
    } else {
      json.writeNumberField("pending", agent.pending());
    }
    json.writeStringField("gateway", agent.gateway());
    json.writeStringField("dependsOn", dependsOn);
    json.writeStringField("java", agent.java());
    Json.time(json, "agentToldAt", agent.toldAt());
    json.writeEndObject();
  }
}
