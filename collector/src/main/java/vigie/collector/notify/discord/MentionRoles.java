package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Insistence;

/**
 * Whom a new card and an escalation ping: {@code mention_roles: {critical: '123', warning: []}}.
 *
 * @param roles ids of Discord roles by severity; none for a severity that is not there
 */
public record MentionRoles(Map<Severity, List<String>> roles) {
  /** Nobody is pinged. */
  public static final MentionRoles NONE = new MentionRoles(Map.of());

  private static final Pattern ID = Pattern.compile("[0-9]{1,20}");

  /** Discord takes 100; more than a few is a mistake. */
  private static final int MOST_ROLES = 20;

  public MentionRoles {
    roles = Map.copyOf(roles);
  }

  static MentionRoles read(Section integration) {
    if (!integration.has("mention_roles")) {
      return NONE;
    }
    Section section = integration.section("mention_roles");
    Map<Severity, List<String>> roles = new EnumMap<>(Severity.class);
    for (String key : section.keys()) {
      Value value = section.value(key);
      if (value != null) {
        roles.put(Insistence.severity(section, key), ids(value));
      }
    }
    section.end();
    return new MentionRoles(roles);
  }

  private static List<String> ids(Value value) {
    List<String> ids = new ArrayList<>();
    for (Value each : value.isList() ? value.list() : List.of(value)) {
      String id = each.string();
      if (id != null && ID.matcher(id).matches()) {
        ids.add(id);
      } else if (id != null) {
        each.fault(
            "mention_roles takes ids of roles, such as '123456789012345678', not names"
                + " (switch on Discord's developer mode, then Copy Role ID)");
      }
    }
    if (ids.size() > MOST_ROLES) {
      value.fault("mention_roles takes up to " + MOST_ROLES + " roles");
    }
    return List.copyOf(ids);
  }

  /**
   * Has a message ping the roles of that severity and nobody else; null for nobody at all. Every
   * message needs that, edits too: otherwise Discord looks for mentions in all that was sent.
   */
  void ping(ObjectNode message, @Nullable Severity severity) {
    ObjectNode allowed = message.putObject("allowed_mentions");
    allowed.putArray("parse");
    List<String> ids = severity == null ? List.of() : roles.getOrDefault(severity, List.of());
    if (ids.isEmpty()) {
      return;
    }
    ArrayNode listed = allowed.putArray("roles");
    ids.forEach(listed::add);
    String mentions = ids.stream().map(id -> "<@&" + id + ">").collect(Collectors.joining(" "));
    message.put("content", (mentions + " " + message.path("content").asText()).strip());
  }
}
