package vigie.collector.node;

/** How a node is. */
public enum NodeState {
  /** Expected, and not heard since the collector started; its {@code silent_after} still runs. */
  UNSEEN("unseen"),
  /** Heard. */
  UP("up"),
  /** Silent, and it had said that it is switched off. */
  OFF("off"),
  /** Silent, and it had said that it restarts: it has not come back. */
  REBOOTING("rebooting"),
  /** Silent, and its agent had said that it is stopped; the host may well be up. */
  STOPPED("stopped"),
  /** Silent without a word: crashed, without power, or its link is lost. */
  LOST("lost");

  private final String word;

  NodeState(String word) {
    this.word = word;
  }

  /** As in the API and the label {@code state}. */
  public String word() {
    return word;
  }

  /** Whether nothing is heard from it any more. */
  public boolean isSilent() {
    return this != UNSEEN && this != UP;
  }

  /** What {@code node.silent} says in {@code why}. */
  String why() {
    return switch (this) {
      case OFF -> "shutdown";
      case REBOOTING -> "reboot";
      case STOPPED -> "agent";
      case LOST -> "lost";
      default -> "";
    };
  }

  /** The silence that such an event told of; one from before there were reasons is a loss. */
  static NodeState silentBy(String why) {
    for (NodeState state : values()) {
      if (state.isSilent() && state.why().equals(why)) {
        return state;
      }
    }
    return LOST;
  }
}
