package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The labels of things by their key, made once for each: making them is most of a scrape's cost
 * otherwise. Forgets all of them when there are too many, as when devices come and go for weeks.
 */
final class LabelCache<K> {
  private static final int MAX = 10_000;

  private final Map<K, Labels> labels = new HashMap<>();
  private final Function<K, Labels> make;

  LabelCache(Function<K, Labels> make) {
    this.make = make;
  }

  /** For things that have one label. */
  static LabelCache<String> of(String labelName) {
    return new LabelCache<>(value -> Labels.of(labelName, value));
  }

  Labels get(K key) {
    Labels known = labels.get(key);
    if (known == null) {
      if (labels.size() >= MAX) {
        labels.clear();
      }
      known = make.apply(key);
      labels.put(key, known);
    }
    return known;
  }
}
