package vigie.collector.notify.discord;

import java.util.Optional;

/**
 * A button of a card, and its {@code custom_id}: {@code v1/ACTION/INCIDENT}. Old cards live for
 * ever, so the version is there from the first; it holds no state and no secret.
 */
public record CardButton(Action action, String incident) {
  private static final String VERSION = "v1";

  /** What pressing it does. */
  public enum Action {
    ACKNOWLEDGE("ack"),
    SILENCE_1H("1h"),
    SILENCE_4H("4h"),
    SILENCE_UNTIL_RESOLVED("end"),
    SHOW_LOG("log");

    private final String word;

    Action(String word) {
      this.word = word;
    }

    /** As in ids, logs and meters. */
    public String word() {
      return word;
    }
  }

  /** At most 100 characters, as Discord takes. */
  public String customId() {
    return VERSION + "/" + action.word + "/" + incident;
  }

  /** Empty for an id that this version does not make. */
  public static Optional<CardButton> parse(String customId) {
    String[] parts = customId.split("/", -1);
    if (parts.length == 3 && parts[0].equals(VERSION) && !parts[2].isEmpty()) {
      for (Action action : Action.values()) {
        if (action.word.equals(parts[1])) {
          return Optional.of(new CardButton(action, parts[2]));
        }
      }
    }
    return Optional.empty();
  }
}
