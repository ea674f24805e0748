package vigie.collector.dispatch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What needs nobody and waits for the next card of each receiver, over restarts: the newest 50, a
 * day at most. Guarded by the lock of the {@link Dispatcher}.
 */
final class WaitingLines {
  private static final Duration KEPT = Duration.ofDays(1);
  private static final int MOST = 50;

  private final DispatchStore store;
  private final Keeper keeper;
  private final List<DispatchStore.Waiting> lines;

  WaitingLines(DispatchStore store, Keeper keeper) {
    this.store = store;
    this.keeper = keeper;
    this.lines = new ArrayList<>(store.lines());
  }

  void add(Notes.Line line) {
    lines.add(new DispatchStore.Waiting(line, Set.of()));
    if (lines.size() > MOST) {
      lines.remove(0);
    }
    keep();
  }

  /**
   * What the receiver has not had yet; it has now.
   *
   * @param receivers all there are: a line that each has had is over
   */
  List<Notes.Line> take(String receiver, Set<String> receivers, Instant now) {
    if (lines.isEmpty()) {
      return List.of();
    }
    boolean changed = lines.removeIf(each -> each.line().at().isBefore(now.minus(KEPT)));
    List<Notes.Line> taken = new ArrayList<>();
    for (int i = lines.size() - 1; i >= 0; i--) {
      DispatchStore.Waiting waiting = lines.get(i);
      if (waiting.toldTo().contains(receiver)) {
        continue;
      }
      taken.add(0, waiting.line());
      Set<String> toldTo = new HashSet<>(waiting.toldTo());
      toldTo.add(receiver);
      if (toldTo.containsAll(receivers)) {
        lines.remove(i);
      } else {
        lines.set(i, new DispatchStore.Waiting(waiting.line(), toldTo));
      }
    }
    if (changed || !taken.isEmpty()) {
      keep();
    }
    return taken;
  }

  private void keep() {
    List<DispatchStore.Waiting> all = List.copyOf(lines);
    keeper.keep("lines for the next card", () -> store.saveLines(all));
  }
}
