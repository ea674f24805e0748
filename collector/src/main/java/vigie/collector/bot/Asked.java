package vigie.collector.bot;

import java.util.Map;
import java.util.Set;

/**
 * Somebody pressed a button or gave a command; all as Discord said it at that moment.
 *
 * @param id of the interaction; the same again is the same click
 * @param name the button's {@code custom_id} or the command's name
 * @param options of the command
 * @param channel a thread's parent where it was in a thread
 * @param message that the button is on; {@code ""} for a command
 * @param member id of who it was
 * @param memberName as shown; may be anything
 * @param roles ids of that member's roles; never the one that everybody has
 */
record Asked(
    String id,
    boolean isButton,
    String name,
    Map<String, String> options,
    String guild,
    String channel,
    String message,
    String member,
    String memberName,
    Set<String> roles) {
  Asked {
    options = Map.copyOf(options);
    roles = Set.copyOf(roles);
  }

  String option(String key, String otherwise) {
    String value = options.getOrDefault(key, "").strip();
    return value.isEmpty() ? otherwise : value;
  }

  /** Who it was for the history: a name that people know and the id that stays. */
  String who() {
    return memberName + " (Discord " + member + ")";
  }
}
