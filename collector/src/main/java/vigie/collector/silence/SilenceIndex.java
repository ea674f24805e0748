package vigie.collector.silence;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * The silences that are active at one time, so that an alert meets only those that can concern it:
 * most name a node or an alert by {@code =}. Never changes.
 */
final class SilenceIndex {
  /** By a label's name and value that one of its matchers wants. */
  private final Map<String, Map<String, List<Silence>>> wanting = new HashMap<>();

  private final List<Silence> others = new ArrayList<>();

  /** When another silence begins or one of these ends; {@link Instant#MAX} for never. */
  final Instant nextChange;

  SilenceIndex(Iterable<Silence> all, Instant now) {
    Instant next = Instant.MAX;
    for (Silence silence : all) {
      switch (silence.stateAt(now)) {
        case ACTIVE -> {
          add(silence);
          next = earlier(next, silence.endsAt());
        }
        case PENDING -> next = earlier(next, silence.startsAt());
        case EXPIRED -> {}
      }
    }
    nextChange = next;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private void add(Silence silence) {
    for (LabelMatcher matcher : silence.matchers()) {
      if (matcher.op() == LabelMatcher.Op.EQUAL && !matcher.value().isEmpty()) {
        wanting
            .computeIfAbsent(matcher.name(), name -> new HashMap<>())
            .computeIfAbsent(matcher.value(), value -> new ArrayList<>())
            .add(silence);
        return;
      }
    }
    others.add(silence);
  }

  boolean isEmpty() {
    return wanting.isEmpty() && others.isEmpty();
  }

  /** The ids of those that hold the alert back, sorted. */
  List<String> silencing(Labels labels) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      Map<String, List<Silence>> values = wanting.get(labels.name(i));
      if (values != null) {
        add(values.getOrDefault(labels.value(i), List.of()), labels, ids);
      }
    }
    add(others, labels, ids);
    ids.sort(null);
    return List.copyOf(ids);
  }

  private static void add(List<Silence> silences, Labels labels, List<String> ids) {
    for (Silence silence : silences) {
      if (silence.matches(labels)) {
        ids.add(silence.id());
      }
    }
  }
}
