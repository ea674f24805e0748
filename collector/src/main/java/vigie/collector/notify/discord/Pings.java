package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Insistence;

/**
 * Whom a new card and an escalation ping.
 *
 * @param roles ids of Discord roles by severity
 */
public record Pings(Map<Severity, List<String>> roles) {
  /** Nobody. */
  public static final Pings NOBODY = new Pings(Map.of());

  /** Discord takes 100; more than a few is a mistake. */
  private static final int MOST_ROLES = 20;

  public Pings {
    roles = Map.copyOf(roles);
  }

  /** Reads {@code ping: {critical: '123456789', warning: ['123', '456']}}. */
  static Pings read(Section integration) {
    Section section = integration.section("ping");
    Map<Severity, List<String>> roles = new EnumMap<>(Severity.class);
    for (String key : section.keys()) {
      Value value = section.value(key);
      if (value != null) {
        roles.put(Insistence.severity(section, key), ids(value));
      }
    }
    section.end();
    return new Pings(roles);
  }

  private static List<String> ids(Value value) {
    List<String> ids = new ArrayList<>();
    for (Value each : value.isList() ? value.list() : List.of(value)) {
      String id = each.string();
      if (id == null) {
        continue;
      }
      if (id.isEmpty() || id.length() > 20 || !id.chars().allMatch(c -> c >= '0' && c <= '9')) {
        each.fault(
            "ping takes ids of roles, such as 123456789012345678"
                + " (Discord with developer mode: right click on the role, Copy Role ID)");
      } else {
        ids.add(id);
      }
    }
    if (ids.size() > MOST_ROLES) {
      value.fault("ping takes up to " + MOST_ROLES + " roles");
    }
    return List.copyOf(ids);
  }

  /** The roles for that severity; none for null. */
  public List<String> of(@Nullable Severity severity) {
    return severity == null ? List.of() : roles.getOrDefault(severity, List.of());
  }

  /**
   * Puts mentions before the content of a message and allows these roles alone to be pinged. Every
   * message needs that, edits too: otherwise Discord looks for mentions in all that was sent.
   */
  static void mention(ObjectNode message, List<String> roles) {
    ObjectNode allowed = message.putObject("allowed_mentions");
    allowed.putArray("parse");
    if (roles.isEmpty()) {
      return;
    }
    ArrayNode listed = allowed.putArray("roles");
    roles.forEach(listed::add);
    String mentions = roles.stream().map(id -> "<@&" + id + ">").collect(Collectors.joining(" "));
    message.put("content", (mentions + " " + message.path("content").asText()).strip());
  }
}
