package vigie.collector.outbox;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import vigie.collector.dispatch.Message;

/**
 * The messages beside one card.
 *
 * @param waiting not told yet, in the order in which they will be
 * @param told ids of those that were told or given up, the newest {@link #MOST_TOLD}; those of
 *     events, which nobody asks for twice, go first
 * @param tellingSince when the first attempt at the first waiting one began whose answer is not
 *     recorded; null where none was
 */
public record Beside(List<Message> waiting, List<String> told, @Nullable Instant tellingSince) {
  static final Beside NOTHING = new Beside(List.of(), List.of(), null);

  /** More than that wait for no one: the oldest that ping nobody go first. */
  static final int MOST_WAITING = 100;

  private static final int MOST_TOLD = 500;

  public Beside {
    waiting = List.copyOf(waiting);
    told = List.copyOf(told);
  }

  @Nullable Message first() {
    return waiting.isEmpty() ? null : waiting.get(0);
  }

  boolean knows(String id) {
    return told.contains(id) || waiting.stream().anyMatch(message -> message.id().equals(id));
  }

  /** What pings goes before what doesn't, but for what is being told. */
  Beside with(Message message) {
    List<Message> next = new ArrayList<>(waiting);
    int at = next.size();
    if (message.ping() != null) {
      at = tellingSince == null ? 0 : Math.min(1, next.size());
      while (at < next.size() && next.get(at).ping() != null) {
        at++;
      }
    }
    next.add(at, message);
    return new Beside(next, told, tellingSince);
  }

  /**
   * Makes room for one more; whether that dropped a message shows in the number of waiting ones.
   */
  Beside bounded() {
    for (int i = tellingSince == null ? 0 : 1; i < waiting.size(); i++) {
      if (waiting.size() > MOST_WAITING && waiting.get(i).ping() == null) {
        List<Message> less = new ArrayList<>(waiting);
        less.remove(i);
        return new Beside(less, told, tellingSince).bounded();
      }
    }
    return this;
  }

  Beside begun(Instant now) {
    return new Beside(waiting, told, tellingSince == null ? now : tellingSince);
  }

  /** The attempt came to nothing for sure. */
  Beside notTold() {
    return new Beside(waiting, told, null);
  }

  /** The message was told, or will never be. */
  Beside done(Message message) {
    return without(message::equals);
  }

  /** Nobody needs these any more; they count as told. */
  Beside without(Predicate<Message> needless) {
    List<Message> left = new ArrayList<>(waiting);
    List<String> ids = new ArrayList<>(told);
    boolean firstLeft = !waiting.isEmpty() && !needless.test(waiting.get(0));
    for (Message message : waiting) {
      if (needless.test(message)) {
        left.remove(message);
        ids.add(message.id());
      }
    }
    return new Beside(left, fewer(ids), firstLeft ? tellingSince : null);
  }

  /** An escalation that is forgotten would ping again. */
  private static List<String> fewer(List<String> ids) {
    for (int i = 0; i < ids.size() && ids.size() > MOST_TOLD; ) {
      if (ids.get(i).startsWith(Asides.EVENTS)) {
        ids.remove(i);
      } else {
        i++;
      }
    }
    return ids.subList(Math.max(0, ids.size() - MOST_TOLD), ids.size());
  }
}
